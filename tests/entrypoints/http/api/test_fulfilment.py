"""Shipments, deliveries and refunds over HTTP."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)
from tests.factories import id_of

pytestmark = pytest.mark.anyio

NOW_TEXT = "2026-11-21T12:00:00Z"
NO_ORDER = id_of("no order")
TWO_OF_TEA = [{"sku": "TEA", "quantity": 2}]
ONE_OF_TEA = [{"sku": "TEA", "quantity": 1}]


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    await shop.add_product("TEA")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin whose session has the role."""
    browser = await shop.admin()
    await browser.get("/session")
    return browser


@pytest.fixture
async def order(ada: Browser) -> Json:
    """Return an order of two of tea, for ten euros."""
    placed: Json = (await ada.order("TEA", 2)).json()
    return placed


async def _status(browser: Browser, order: Json) -> tuple[str, str]:
    response = (await browser.get(f"/orders/{order['id']}")).json()
    return response["status"], response["payment"]["status"]


async def _refund(browser: Browser, order: Json, key: str = "key-0001", **said: object) -> Json:
    response = await browser.post(
        f"/orders/{order['id']}/refunds", {"reason": "Broken", **said}, idempotency_key=key
    )
    assert response.status_code == 201, response.text
    refund: Json = response.json()
    return refund


@pytest.mark.parametrize("body", [None, {}, {"lines": TWO_OF_TEA}])
async def test_order_is_shipped_and_delivered(
    shop: HttpShop, ada: Browser, admin: Browser, order: Json, body: object
) -> None:
    for what, status in (("shipments", "shipped"), ("deliveries", "delivered")):
        shop.clock.advance(timedelta(minutes=1))
        response = await admin.post(f"/orders/{order['id']}/{what}", body)
        assert response.status_code == 201, response.text
        shipment_event = response.json()
        assert (shipment_event["lines"], shipment_event["actor"]) == (TWO_OF_TEA, "admin")
        assert await _status(ada, order) == (status, "captured")
        listed = await ada.get(f"/orders/{order['id']}/{what}")
        assert listed.json() == {"items": [shipment_event], "next": None}
    history = (await ada.get(f"/orders/{order['id']}/history")).json()["items"]
    steps = [each for each in history if each["kind"] == "status"]
    assert [(step["to"], step["actor"], step["at"]) for step in steps] == [
        ("paid", "customer", NOW_TEXT),
        ("shipped", "admin", "2026-11-21T12:01:00Z"),
        ("delivered", "admin", "2026-11-21T12:02:00Z"),
    ]


async def test_order_is_shipped_in_parts(
    shop: HttpShop, ada: Browser, admin: Browser, order: Json
) -> None:
    path = f"/orders/{order['id']}/shipments"
    first = (await admin.post(path, {"lines": ONE_OF_TEA})).json()
    assert await _status(ada, order) == ("paid", "captured")
    with shop.unchanged():
        assert_problem(
            await ada.post(f"/orders/{order['id']}/cancel"), 409, "order-partly-fulfilled"
        )
        assert_problem(
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
        response = await admin.post(path)
        assert_problem(response, 409, "illegal-transition", current="shipped", target="shipped")


async def test_order_is_refunded_in_full(
    shop: HttpShop, ada: Browser, admin: Browser, order: Json
) -> None:
    refund = await _refund(admin, order, restock=True)
    assert {**refund, "id": None} == {
        "id": None,
        "amount": eur(1_000),
        "shipping_amount": eur(0),
        "tax": eur(0),
        "to": "account",
        "reason": "Broken",
        "lines": [{**TWO_OF_TEA[0], "amount": eur(1_000), "tax": eur(0)}],
        "restocked": True,
        "status": "succeeded",
        "actor": "admin",
        "created_at": NOW_TEXT,
    }
    assert await _status(ada, order) == ("refunded", "refunded")
    assert (shop.balance("ada"), shop.on_hand("TEA")) == (10_000, 10)
    listed = await ada.get(f"/orders/{order['id']}/refunds")
    assert listed.json() == {"items": [refund], "next": None}


async def test_order_is_refunded_in_parts_but_never_in_excess(
    shop: HttpShop, ada: Browser, admin: Browser, order: Json
) -> None:
    await _refund(admin, order, "key-0001", lines=ONE_OF_TEA)
    await _refund(admin, order, "key-0002", amount=eur(300))
    assert await _status(ada, order) == ("paid", "captured")
    with shop.unchanged(except_table="idempotency_keys"):
        response = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", "amount": eur(201)},
            idempotency_key="key-0003",
        )
    assert_problem(response, 409, "refund-exceeds-payment", requested=eur(201), remaining=eur(200))
    await _refund(admin, order, "key-0004", amount=eur(200))
    assert await _status(ada, order) == ("refunded", "refunded")
    assert (shop.balance("ada"), shop.on_hand("TEA")) == (10_000, 8)


async def test_shipping_of_an_order_without_any_is_not_refunded(
    shop: HttpShop, admin: Browser, order: Json
) -> None:
    with shop.unchanged(except_table="idempotency_keys"):
        response = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", "shipping": True},
            idempotency_key="key-0001",
        )
    assert_problem(response, 409, "nothing-to-refund")
    refund = await _refund(admin, order, "key-0002", lines=ONE_OF_TEA, shipping=True)
    assert (refund["amount"], refund["shipping_amount"]) == (eur(500), eur(0))


async def test_refund_happens_once_under_its_key(
    shop: HttpShop, admin: Browser, order: Json
) -> None:
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
        assert_problem(other, 422, "idempotency-key-reused")
        assert_problem(await admin.post(path, {"reason": "Broken"}), 400, "invalid-idempotency-key")


async def test_card_that_has_not_paid_is_not_refunded(
    shop: HttpShop, admin: Browser, order: Json
) -> None:
    with shop.unchanged(except_table="idempotency_keys"):
        response = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", "to": "card"},
            idempotency_key="key-0001",
        )
    assert_problem(response, 409, "not-paid-by-card")


@pytest.mark.parametrize("what", ["shipments", "deliveries", "refunds"])
async def test_only_admins_fulfil_orders_and_customers_see_their_own(
    shop: HttpShop, ada: Browser, admin: Browser, order: Json, what: str
) -> None:
    eve, path = await shop.customer("eve"), f"/orders/{order['id']}/{what}"
    body = {"reason": "Broken"} if what == "refunds" else {}
    with shop.unchanged():
        response = await shop.browser().post(path, body, idempotency_key="key-0001")
        assert_problem(response, 401, "not-signed-in")
        for customer in (ada, eve):
            response = await customer.post(path, body, idempotency_key="key-0001")
            assert_problem(response, 403, "forbidden", role="admin")
        assert_problem(await eve.get(path), 404, "order-not-found")
        assert_problem(await shop.browser().get(path), 401, "not-signed-in")
        nothing: Json = {"items": [], "next": None}
        assert [(await each.get(path)).json() for each in (ada, admin)] == [nothing, nothing]
    with shop.unchanged(except_table="idempotency_keys"):
        response = await admin.post(f"/orders/{NO_ORDER}/{what}", body, idempotency_key="key-0002")
        assert_problem(response, 404, "order-not-found")


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
        ({"shipping": True, "restock": True}, "/restock"),
        ({"shipping": "yes"}, "/shipping"),
        ({"colour": "black"}, "/colour"),
    ],
)
async def test_invalid_refund_is_rejected_with_pointers(
    shop: HttpShop, admin: Browser, order: Json, said: Json, pointer: str
) -> None:
    with shop.unchanged():
        response = await admin.post(
            f"/orders/{order['id']}/refunds",
            {"reason": "Broken", **said},
            idempotency_key="key-0001",
        )
    assert_invalid(response, pointer)


@pytest.mark.parametrize("what", ["shipments", "deliveries"])
@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"sku": "TEA", "quantity": -1}]}, "/lines/0/quantity"),
        ({"carrier": "none"}, "/carrier"),
    ],
)
async def test_invalid_shipment_event_is_rejected_with_pointers(
    shop: HttpShop, admin: Browser, order: Json, what: str, said: Json, pointer: str
) -> None:
    with shop.unchanged():
        response = await admin.post(f"/orders/{order['id']}/{what}", said)
    assert_invalid(response, pointer)
