"""Shipments, deliveries and refunds over HTTP."""

from datetime import timedelta

import pytest

from tests.factories import an_id
from tests.http.shops import Json, Shop, Visitor, eur, invalid, refused

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
NO_ORDER = an_id("no order")
TWO_OF_TEA = [{"sku": "TEA", "quantity": 2}]
ONE_OF_TEA = [{"sku": "TEA", "quantity": 1}]


@pytest.fixture
async def ada(shop: Shop) -> Visitor:
    await shop.stock("TEA")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: Shop) -> Visitor:
    """Give an admin, whose session knows of it."""
    visitor = await shop.admin()
    await visitor.get("/session")
    return visitor


@pytest.fixture
async def order(ada: Visitor) -> Json:
    """Give an order of two of tea, for ten euros."""
    placed: Json = (await ada.order("TEA", 2)).json()
    return placed


async def _status(visitor: Visitor, order: Json) -> tuple[str, str]:
    answer = (await visitor.get(f"/orders/{order['id']}")).json()
    return answer["status"], answer["payment"]["status"]


async def _refund(visitor: Visitor, order: Json, key: str = "key-0001", **said: object) -> Json:
    answer = await visitor.post(
        f"/orders/{order['id']}/refunds", {"reason": "Broken", **said}, idempotency_key=key
    )
    assert answer.status_code == 201, answer.text
    refund: Json = answer.json()
    return refund


@pytest.mark.parametrize("body", [None, {}, {"lines": TWO_OF_TEA}])
async def test_an_order_is_shipped_and_delivered(
    shop: Shop, ada: Visitor, admin: Visitor, order: Json, body: object
) -> None:
    for what, status in (("shipments", "shipped"), ("deliveries", "delivered")):
        shop.clock.advance(timedelta(minutes=1))
        answer = await admin.post(f"/orders/{order['id']}/{what}", body)
        assert answer.status_code == 201, answer.text
        handover = answer.json()
        assert (handover["lines"], handover["actor"]) == (TWO_OF_TEA, "admin")
        assert await _status(ada, order) == (status, "captured")
        listed = await ada.get(f"/orders/{order['id']}/{what}")
        assert listed.json() == {"items": [handover], "next": None}
    history = (await ada.get(f"/orders/{order['id']}/history")).json()["items"]
    assert [(step["to"], step["actor"], step["at"]) for step in history] == [
        ("paid", "customer", NOW_TEXT),
        ("shipped", "admin", "2026-11-21T12:01:00Z"),
        ("delivered", "admin", "2026-11-21T12:02:00Z"),
    ]


async def test_an_order_is_shipped_in_parts(
    shop: Shop, ada: Visitor, admin: Visitor, order: Json
) -> None:
    path = f"/orders/{order['id']}/shipments"
    first = (await admin.post(path, {"lines": ONE_OF_TEA})).json()
    assert await _status(ada, order) == ("paid", "captured")
    with shop.unchanged():
        refused(await ada.post(f"/orders/{order['id']}/cancel"), 409, "order-partly-fulfilled")
        refused(
            await admin.post(path, {"lines": TWO_OF_TEA}),
            409,
            "quantity-exceeds-order",
            lines=[{"sku": "TEA", "requested": 2, "remaining": 1}],
        )
    second = (await admin.post(path)).json()
    assert await _status(ada, order) == ("shipped", "captured")
    items = (await ada.get(path)).json()["items"]
    assert sorted(items, key=str) == sorted([first, second], key=str)
    with shop.unchanged():
        answer = await admin.post(path)
        refused(answer, 409, "illegal-transition", current="shipped", target="shipped")


async def test_an_order_is_refunded_whole(
    shop: Shop, ada: Visitor, admin: Visitor, order: Json
) -> None:
    refund = await _refund(admin, order, restock=True)
    assert {**refund, "id": None} == {
        "id": None,
        "amount": eur(1_000),
        "to": "account",
        "reason": "Broken",
        "lines": TWO_OF_TEA,
        "restocked": True,
        "status": "succeeded",
        "actor": "admin",
        "created_at": NOW_TEXT,
    }
    assert await _status(ada, order) == ("refunded", "refunded")
    assert (shop.balance("ada"), shop.on_hand("TEA")) == (10_000, 10)
    listed = await ada.get(f"/orders/{order['id']}/refunds")
    assert listed.json() == {"items": [refund], "next": None}


async def test_an_order_is_refunded_in_parts_and_never_too_much(
    shop: Shop, ada: Visitor, admin: Visitor, order: Json
) -> None:
    await _refund(admin, order, "key-0001", lines=ONE_OF_TEA)
    await _refund(admin, order, "key-0002", amount=eur(300))
    assert await _status(ada, order) == ("paid", "captured")
    with shop.unchanged(but="idempotency_keys"):
        answer = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", "amount": eur(201)},
            idempotency_key="key-0003",
        )
    refused(answer, 409, "refund-exceeds-payment", requested=eur(201), remaining=eur(200))
    await _refund(admin, order, "key-0004", amount=eur(200))
    assert await _status(ada, order) == ("refunded", "refunded")
    assert (shop.balance("ada"), shop.on_hand("TEA")) == (10_000, 8)


async def test_a_refund_is_made_once_under_its_key(shop: Shop, admin: Visitor, order: Json) -> None:
    first = await _refund(admin, order, amount=eur(300))
    path = f"/orders/{order['id']}/refunds"
    with shop.unchanged():
        again = await admin.post(
            path, {"reason": "Broken", "amount": eur(300)}, idempotency_key="key-0001"
        )
        assert (again.status_code, again.json()) == (201, first)
        assert again.headers["idempotent-replayed"] == "true"
        other = await admin.post(
            path, {"reason": "Broken", "amount": eur(301)}, idempotency_key="key-0001"
        )
        refused(other, 422, "idempotency-key-reused")
        refused(await admin.post(path, {"reason": "Broken"}), 400, "invalid-idempotency-key")


async def test_no_card_is_refunded_that_has_not_paid(
    shop: Shop, admin: Visitor, order: Json
) -> None:
    with shop.unchanged(but="idempotency_keys"):
        answer = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", "to": "card"},
            idempotency_key="key-0001",
        )
    refused(answer, 409, "not-paid-by-card")


@pytest.mark.parametrize("what", ["shipments", "deliveries", "refunds"])
async def test_admins_alone_fulfil_orders_and_customers_see_their_own(
    shop: Shop, ada: Visitor, admin: Visitor, order: Json, what: str
) -> None:
    eve, path = await shop.customer("eve"), f"/orders/{order['id']}/{what}"
    body = {"reason": "Broken"} if what == "refunds" else {}
    with shop.unchanged():
        answer = await shop.visitor().post(path, body, idempotency_key="key-0001")
        refused(answer, 401, "not-signed-in")
        for customer in (ada, eve):
            answer = await customer.post(path, body, idempotency_key="key-0001")
            refused(answer, 403, "forbidden", role="admin")
        refused(await eve.get(path), 404, "order-not-found")
        refused(await shop.visitor().get(path), 401, "not-signed-in")
        nothing: Json = {"items": [], "next": None}
        assert [(await each.get(path)).json() for each in (ada, admin)] == [nothing, nothing]
    with shop.unchanged(but="idempotency_keys"):
        answer = await admin.post(f"/orders/{NO_ORDER}/{what}", body, idempotency_key="key-0002")
        refused(answer, 404, "order-not-found")


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "TEA", "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"sku": "TEA"}]}, "/lines/0/quantity"),
        ({"amount": eur(0)}, "/amount/amount"),
        ({"amount": {"amount": 1, "currency": "USD"}}, "/amount/currency"),
        ({"amount": eur(1), "restock": True}, "/restock"),
        ({"reason": ""}, "/reason"),
        ({"reason": "two\nlines"}, "/reason"),
        ({"to": "cash"}, "/to"),
        ({"restock": "yes"}, "/restock"),
        ({"colour": "black"}, "/colour"),
    ],
)
async def test_a_refund_that_cannot_be_wished_for_is_pointed_to(
    shop: Shop, admin: Visitor, order: Json, said: Json, pointer: str
) -> None:
    with shop.unchanged():
        answer = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", **said},
            idempotency_key="key-0001",
        )
    invalid(answer, pointer)


@pytest.mark.parametrize("what", ["shipments", "deliveries"])
@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "TEA", "quantity": -1}]}, "/lines/0/quantity"),
        ({"carrier": "none"}, "/carrier"),
    ],
)
async def test_a_handover_that_cannot_be_is_pointed_to(
    shop: Shop, admin: Visitor, order: Json, what: str, said: Json, pointer: str
) -> None:
    with shop.unchanged():
        answer = await admin.post(f"/orders/{order['id']}/{what}", said)
    invalid(answer, pointer)
