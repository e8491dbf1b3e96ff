"""Placing orders over HTTP."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from dependency_injector import providers

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.idempotency.results import CommandResult
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from tests.entrypoints.http.clients import (
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
    totals,
)

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"


async def test_order_is_placed_and_paid_and_the_session_shows_it(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    response = await browser.order("TEA", 3)
    assert response.status_code == 201
    assert "idempotent-replayed" not in response.headers
    order = response.json()
    assert order == {
        "id": order["id"],
        "number": order["number"],
        "status": "paid",
        "total": eur(1500),
        "lines": [
            {
                "sku": "TEA",
                "name": "The tea",
                "options": {},
                "quantity": 3,
                "unit_price": eur(500),
                "amount": eur(1500),
                "discount": eur(0),
                "tax": eur(0),
                "shipped": 0,
                "refunded": 0,
            }
        ],
        "totals": totals(1500),
        "discounts": [],
        "taxes": [],
        "payment": {"method": "account", "status": "captured"},
        "refunded": eur(0),
        "placed_at": NOW_TEXT,
        "email": None,
        "shipping_address": None,
        "billing_address": None,
        "shipping_method": None,
    }
    assert (shop.on_hand("TEA"), shop.balance("ada")) == (7, 8_500)
    assert (await browser.get(f"/orders/{order['id']}")).json() == order
    assert (await browser.get("/session")).json()["order_id"] == order["id"]


async def test_lines_of_the_same_product_are_merged(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    lines = [{"sku": "TEA", "quantity": 1}, {"sku": "TEA", "quantity": 2}]
    body = {"lines": lines, "payment": {"method": "account"}}
    response = await browser.post("/orders", body, idempotency_key="key-0001")
    assert response.status_code == 201
    assert [line["quantity"] for line in response.json()["lines"]] == [3]


async def test_order_with_lines_keeps_the_cart(shop: HttpShop) -> None:
    await shop.add_product("CUP")
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    cart = (await browser.put("/cart/lines/CUP", {"quantity": 1})).json()
    await browser.order("TEA")
    assert (await browser.get("/cart")).json() == cart


async def test_repeated_order_under_the_same_key_is_replayed(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    first = await browser.order("TEA")
    await browser.post(f"/orders/{first.json()['id']}/cancel")
    with shop.unchanged():
        again = await browser.order("TEA")
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)


async def test_out_of_stock_error_names_every_short_line_and_changes_nothing(
    shop: HttpShop,
) -> None:
    for sku, on_hand in (("CUP", 1), ("POT", 5), ("TEA", 2)):
        await shop.add_product(sku, on_hand)
    browser = await shop.customer("ada")
    lines = [{"sku": sku, "quantity": 3} for sku in ("CUP", "POT", "TEA")]
    body = {"lines": lines, "payment": {"method": "account"}}
    short = [
        {"sku": "CUP", "requested": 3, "available": 1},
        {"sku": "TEA", "requested": 3, "available": 2},
    ]
    with shop.unchanged(except_table="idempotency_keys"):
        first = await browser.post("/orders", body, idempotency_key="key-0001")
    assert_problem(first, 409, "out-of-stock", lines=short)
    with shop.unchanged():
        again = await browser.post("/orders", body, idempotency_key="key-0001")
    assert_problem(again, 409, "out-of-stock", lines=short)
    assert again.headers["idempotent-replayed"] == "true"


async def test_order_without_sufficient_funds_is_rejected(shop: HttpShop) -> None:
    await shop.add_product("TEA", on_hand=100)
    browser = await shop.customer("ada")
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.order("TEA", 21)
    facts = {"balance": eur(10_000), "required": eur(10_500)}
    assert_problem(response, 409, "insufficient-funds", **facts)


async def test_changed_total_is_rejected(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.order("TEA", 2, expected_total=eur(999))
    facts = {"expected": eur(999), "total": eur(1000), "totals": totals(1000)}
    assert_problem(response, 409, "price-changed", **facts)
    response = await browser.order("TEA", 2, key="key-0002", expected_total=eur(1000))
    assert response.status_code == 201


async def test_unknown_product_cannot_be_ordered(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.order("TEA")
    assert_problem(response, 404, "product-not-found", sku="TEA")


async def test_products_that_are_off_sale_are_all_named_with_the_short_lines(
    shop: HttpShop,
) -> None:
    for sku in ("OLD", "OLDER"):
        await shop.add_product(sku, active=False)
    await shop.add_product("TEA", on_hand=1)
    browser = await shop.customer("ada")
    lines = [{"sku": sku, "quantity": 2} for sku in ("OLD", "TEA", "OLDER")]
    body = {"lines": lines, "payment": {"method": "account"}}
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.post("/orders", body, idempotency_key="key-0001")
    again = await browser.post("/orders", body, idempotency_key="key-0001")
    assert_problem(
        response,
        409,
        "not-for-sale",
        lines=[{"sku": sku, "requested": 2, "available": 0} for sku in ("OLD", "OLDER")],
        short=[{"sku": "TEA", "requested": 2, "available": 1}],
    )
    assert (again.status_code, again.content) == (409, response.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_rejection_of_before_is_replayed_as_it_was(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    await browser.order("OLD")
    await shop.add_product("OLD", active=False)
    response = await browser.order("OLD")
    assert_problem(response, 404, "product-not-found", sku="OLD")
    assert response.headers["idempotent-replayed"] == "true"


async def test_empty_order_is_rejected(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    body = {"payment": {"method": "account"}}
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.post("/orders", body, idempotency_key="key-0001")
    assert_problem(response, 409, "empty-cart")


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
        ({"expected_total": eur(-1)}, ["/expected_total/amount"]),
        ({"coupon": "FREE"}, ["/coupon"]),
    ],
)
async def test_invalid_order_is_rejected_with_pointers(
    shop: HttpShop, change: Json, pointers: list[str]
) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    with shop.unchanged():
        assert_invalid(await browser.order("TEA", **change), *pointers)


@pytest.mark.parametrize("key", ["", "1234567", "x" * 256, "with space", '"1234567"', "key-é-0001"])
async def test_malformed_key_is_rejected(shop: HttpShop, key: str) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    with shop.unchanged():
        assert_problem(await browser.order("TEA", key=key), 400, "invalid-idempotency-key")


async def test_exactly_one_key_is_required(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    body = {"lines": [{"sku": "TEA", "quantity": 1}], "payment": {"method": "account"}}
    with shop.unchanged():
        assert_problem(await browser.post("/orders", body), 400, "invalid-idempotency-key")
        twice = [("idempotency-key", "key-0001"), ("idempotency-key", "key-0002")]
        response = await browser.client.post("/api/v1/orders", json=body, headers=twice)
        assert_problem(response, 400, "invalid-idempotency-key")


@pytest.mark.parametrize("key", ["!~!~!~!~", "x" * 255, f'"{"x" * 255}"', '"quote-in-front'])
async def test_key_may_be_any_visible_ascii(shop: HttpShop, key: str) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    assert (await browser.order("TEA", key=key)).status_code == 201
    assert (await browser.order("TEA", key=key)).headers["idempotent-replayed"] == "true"


class BusyQueue:
    """Another process's order under the same key has not ended yet."""

    async def place(self, commands: Sequence[PlaceOrder]) -> Sequence[CommandResult[PlacedOrder]]:
        return [CommandResult(value=RequestInProgress(), replayed=False) for _ in commands]


async def test_concurrent_request_under_the_same_key_can_be_retried(shop: HttpShop) -> None:
    browser = await shop.customer("ada")
    shop.container.place_orders.override(providers.Object(BusyQueue()))
    with shop.unchanged():
        response = await browser.order("TEA")
    assert_problem(response, 409, "request-in-progress")
    assert response.headers["retry-after"] == "1"
    assert "idempotent-replayed" not in response.headers


async def test_expired_session_cannot_order(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    shop.clock.advance(timedelta(days=7))
    with shop.unchanged():
        assert_problem(await browser.order("TEA"), 401, "session-expired")
    assert browser.token is None
