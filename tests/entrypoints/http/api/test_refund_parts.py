"""Refunds over HTTP of an order with a discount, shipping and taxes."""

import pytest

from tests.entrypoints.http.api.rules.documents import METHOD, PROMOTION, RATE, ZONE
from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_problem, eur

pytestmark = pytest.mark.anyio

BERLIN = {
    "name": "Ada Lovelace",
    "line1": "Invalidenstraße 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
ONE_OF_TEA = [{"sku": "TEA", "quantity": 1}]


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    await shop.add_product("TEA")
    return await shop.customer("ada")


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin who has set up taxes, shipping and a discount of ten per cent."""
    browser = await shop.admin()
    await browser.get("/session")
    for path, document in {
        "/tax-rates/de": RATE,
        "/shipping-zones/germany": ZONE,
        "/shipping-methods/parcel": METHOD,
        "/promotions/sale": PROMOTION,
    }.items():
        assert (await browser.put(path, document)).status_code == 201
    return browser


@pytest.fixture
async def path(ada: Browser, admin: Browser) -> str:
    """Return the path of an order: two of tea for 900 and shipping for 490, with 222 of tax."""
    del admin
    body = {
        "lines": [{"sku": "TEA", "quantity": 2}],
        "payment": {"method": "account"},
        "shipping_address": BERLIN,
        "shipping_method": "parcel",
        "expected_total": eur(1_390),
    }
    response = await ada.post("/orders", body, idempotency_key="key-of-order")
    assert response.status_code == 201, response.text
    return f"/orders/{response.json()['id']}/refunds"


async def _refund(admin: Browser, path: str, key: str, **said: object) -> Json:
    response = await admin.post(path, {"reason": "Broken", **said}, idempotency_key=key)
    assert response.status_code == 201, response.text
    refund: Json = response.json()
    return refund


async def test_lines_and_shipping_are_refunded_at_what_was_paid(
    shop: HttpShop, ada: Browser, admin: Browser, path: str
) -> None:
    first = await _refund(admin, path, "key-0001", lines=ONE_OF_TEA, shipping=True)
    with shop.unchanged(except_table="idempotency_keys"):
        response = await admin.post(
            path, {"reason": "Late", "shipping": True}, idempotency_key="key-0002"
        )
        assert_problem(response, 409, "shipping-already-refunded")
    rest = await _refund(admin, path, "key-0003")

    parts = ("amount", "shipping_amount", "tax", "lines")
    assert [first[each] for each in parts] == [
        eur(940),
        eur(490),
        eur(150),
        [{**ONE_OF_TEA[0], "amount": eur(450), "tax": eur(72)}],
    ]
    assert [rest[each] for each in parts] == [
        eur(450),
        eur(0),
        eur(72),
        [{**ONE_OF_TEA[0], "amount": eur(450), "tax": eur(72)}],
    ]
    assert shop.balance("ada") == 10_000
    assert (await ada.get(path)).json()["items"] == [first, rest]


async def test_history_has_the_parts_of_a_refund(ada: Browser, admin: Browser, path: str) -> None:
    refund = await _refund(admin, path, "key-0001", lines=ONE_OF_TEA)

    history = (await ada.get(path.replace("refunds", "history"))).json()["items"]

    assert history[-1] == {**refund, "kind": "refund", "at": refund["created_at"]}
