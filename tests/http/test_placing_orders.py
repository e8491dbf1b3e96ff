"""Placing orders over HTTP."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from dependency_injector import providers

from shop.application.checkout.place_orders import PlaceOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from tests.http.shops import Json, Shop, eur, invalid, refused

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"


async def test_an_order_is_placed_paid_and_tracked(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    answer = await visitor.order("TEA", 3)
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers
    order = answer.json()
    assert order == {
        "id": order["id"],
        "number": order["number"],
        "status": "paid",
        "total": eur(1500),
        "lines": [
            {
                "sku": "TEA",
                "name": "The tea",
                "quantity": 3,
                "unit_price": eur(500),
                "amount": eur(1500),
            }
        ],
        "payment": {"method": "account", "status": "captured"},
        "placed_at": NOW_TEXT,
    }
    assert (shop.on_hand("TEA"), shop.balance("ada")) == (7, 8_500)
    assert (await visitor.get(f"/orders/{order['id']}")).json() == order
    assert (await visitor.get("/session")).json()["order_id"] == order["id"]


async def test_lines_of_the_same_product_are_one(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    lines = [{"sku": "TEA", "quantity": 1}, {"sku": "TEA", "quantity": 2}]
    body = {"lines": lines, "payment": {"method": "account"}}
    answer = await visitor.post("/orders", body, idempotency_key="key-0001")
    assert answer.status_code == 201
    assert [line["quantity"] for line in answer.json()["lines"]] == [3]


async def test_lines_leave_the_cart_alone(shop: Shop) -> None:
    await shop.stock("CUP")
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    cart = (await visitor.put("/cart/lines/CUP", {"quantity": 1})).json()
    await visitor.order("TEA")
    assert (await visitor.get("/cart")).json() == cart


async def test_the_same_order_under_the_same_key_is_answered_alike_for_ever(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    first = await visitor.order("TEA")
    await visitor.post(f"/orders/{first.json()['id']}/cancel")
    with shop.unchanged():
        again = await visitor.order("TEA")
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_every_short_line_is_named_and_nothing_is_taken(shop: Shop) -> None:
    for sku, on_hand in (("CUP", 1), ("POT", 5), ("TEA", 2)):
        await shop.stock(sku, on_hand)
    visitor = await shop.customer("ada")
    lines = [{"sku": sku, "quantity": 3} for sku in ("CUP", "POT", "TEA")]
    body = {"lines": lines, "payment": {"method": "account"}}
    short = [
        {"sku": "CUP", "requested": 3, "available": 1},
        {"sku": "TEA", "requested": 3, "available": 2},
    ]
    with shop.unchanged(but="idempotency_keys"):
        first = await visitor.post("/orders", body, idempotency_key="key-0001")
    refused(first, 409, "out-of-stock", lines=short)
    with shop.unchanged():
        again = await visitor.post("/orders", body, idempotency_key="key-0001")
    refused(again, 409, "out-of-stock", lines=short)
    assert again.headers["idempotent-replayed"] == "true"


async def test_an_order_that_cannot_be_paid_is_none(shop: Shop) -> None:
    await shop.stock("TEA", on_hand=100)
    visitor = await shop.customer("ada")
    with shop.unchanged(but="idempotency_keys"):
        answer = await visitor.order("TEA", 21)
    facts = {"balance": eur(10_000), "required": eur(10_500)}
    refused(answer, 409, "insufficient-funds", **facts)


async def test_an_order_costs_what_the_customer_was_shown(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    with shop.unchanged(but="idempotency_keys"):
        answer = await visitor.order("TEA", 2, expected_total=eur(999))
    refused(answer, 409, "price-changed", expected=eur(999), total=eur(1000))
    answer = await visitor.order("TEA", 2, key="key-0002", expected_total=eur(1000))
    assert answer.status_code == 201


async def test_an_order_is_of_what_is_sold(shop: Shop) -> None:
    await shop.stock("OLD", active=False)
    visitor = await shop.customer("ada")
    for sku in ("TEA", "OLD"):
        with shop.unchanged(but="idempotency_keys"):
            answer = await visitor.order(sku, key=f"key-of-{sku}")
        refused(answer, 404, "product-not-found", sku=sku)


async def test_an_order_is_of_something(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    body = {"payment": {"method": "account"}}
    with shop.unchanged(but="idempotency_keys"):
        answer = await visitor.post("/orders", body, idempotency_key="key-0001")
    refused(answer, 409, "empty-cart")


@pytest.mark.parametrize(
    ("change", "pointers"),
    [
        ({"lines": []}, ["/lines"]),
        ({"lines": [{"sku": "TEA", "quantity": 1}] * 101}, ["/lines"]),
        ({"lines": [{"sku": "TEA", "quantity": 0}]}, ["/lines/0/quantity"]),
        ({"lines": [{"sku": "TEA", "quantity": 10_000}] * 2}, ["/lines/0/quantity"]),
        (
            {"lines": [{"sku": "TEA", "quantity": 1}, {"sku": "-"}]},
            ["/lines/1/sku", "/lines/1/quantity"],
        ),
        ({"lines": [{"sku": "TEA", "quantity": 1, "price": 1}]}, ["/lines/0/price"]),
        ({"payment": None}, ["/payment"]),
        ({"payment": {}}, ["/payment/method"]),
        ({"payment": {"method": "cash"}}, ["/payment/method"]),
        ({"payment": {"method": "card"}}, ["/payment/token"]),
        ({"payment": {"method": "card", "token": "tok visa"}}, ["/payment/token"]),
        ({"payment": {"method": "account", "token": "tok_visa"}}, ["/payment/token"]),
        ({"expected_total": {"amount": 500, "currency": "USD"}}, ["/expected_total/currency"]),
        ({"expected_total": eur(0)}, ["/expected_total/amount"]),
        ({"coupon": "FREE"}, ["/coupon"]),
    ],
)
async def test_an_order_that_cannot_be_is_pointed_to(
    shop: Shop, change: Json, pointers: list[str]
) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    with shop.unchanged():
        invalid(await visitor.order("TEA", **change), *pointers)


@pytest.mark.parametrize("key", ["", "1234567", "x" * 256, "with space", '"1234567"', "key-é-0001"])
async def test_a_malformed_key_is_refused(shop: Shop, key: str) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    with shop.unchanged():
        refused(await visitor.order("TEA", key=key), 400, "invalid-idempotency-key")


async def test_a_key_is_required_and_given_once(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    body = {"lines": [{"sku": "TEA", "quantity": 1}], "payment": {"method": "account"}}
    with shop.unchanged():
        refused(await visitor.post("/orders", body), 400, "invalid-idempotency-key")
        twice = [("idempotency-key", "key-0001"), ("idempotency-key", "key-0002")]
        answer = await visitor.client.post("/api/v1/orders", json=body, headers=twice)
        refused(answer, 400, "invalid-idempotency-key")


@pytest.mark.parametrize("key", ["!~!~!~!~", "x" * 255, f'"{"x" * 255}"', '"quote-in-front'])
async def test_a_key_is_any_visible_ascii(shop: Shop, key: str) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    assert (await visitor.order("TEA", key=key)).status_code == 201
    assert (await visitor.order("TEA", key=key)).headers["idempotent-replayed"] == "true"


class Busy:
    """Another process's order under the same key has not ended yet."""

    async def place(self, commands: Sequence[PlaceOrder]) -> Sequence[CommandResult[PlacedOrder]]:
        return [CommandResult(value=RequestInProgress(), replayed=False) for _ in commands]


async def test_an_order_whose_first_request_still_runs_is_to_be_tried_again(shop: Shop) -> None:
    visitor = await shop.customer("ada")
    shop.container.place_orders.override(providers.Object(Busy()))
    with shop.unchanged():
        answer = await visitor.order("TEA")
    refused(answer, 409, "request-in-progress")
    assert answer.headers["retry-after"] == "1"
    assert "idempotent-replayed" not in answer.headers


async def test_an_expired_session_places_no_order(shop: Shop) -> None:
    await shop.stock("TEA")
    visitor = await shop.customer("ada")
    shop.clock.advance(timedelta(days=7))
    with shop.unchanged():
        refused(await visitor.order("TEA"), 401, "session-expired")
    assert visitor.token is None
