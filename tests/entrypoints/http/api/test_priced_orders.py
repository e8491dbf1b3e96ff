"""Orders with addresses, shipping, discounts and taxes over HTTP."""

import pytest

from tests.entrypoints.http.api.rules.documents import METHOD, PROMOTION, RATE, ZONE
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

BERLIN: Json = {
    "name": "Ada Lovelace",
    "line1": "Invalidenstraße 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
SHOWN_BERLIN = {
    **dict.fromkeys(("company", "line2", "region", "phone", "vat_number")),
    **BERLIN,
}
RULES: dict[str, Json] = {
    "/tax-rates/de": RATE,
    "/shipping-zones/germany": ZONE,
    "/shipping-methods/parcel": METHOD,
}


async def put_promotion(admin: Browser, percentage: str) -> None:
    effect = {"kind": "percentage", "percentage": percentage}
    document = {**PROMOTION, "name": "Welcome", "code": "WELCOME", "effect": effect}
    response = await admin.put("/promotions/welcome", document)
    assert response.status_code in {200, 201}, response.text


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; the shop has taxes, a shipping method and a code."""
    await shop.add_product("TEA")
    admin = await shop.admin()
    for path, document in RULES.items():
        response = await admin.put(path, document)
        assert response.status_code == 201, response.text
    await put_promotion(admin, "10")
    return admin


def new_order(**changes: object) -> Json:
    body = {
        "lines": [{"sku": "TEA", "quantity": 3}],
        "payment": {"method": "account"},
        "email": "ada@example.com",
        "shipping_address": BERLIN,
        "shipping_method": "parcel",
        "codes": ["welcome"],
        **changes,
    }
    return {name: each for name, each in body.items() if each is not None}


async def test_order_shows_the_quote_and_who_gets_it(shop: HttpShop, admin: Browser) -> None:
    del admin
    browser = await shop.customer("ada")

    response = await browser.post("/orders", new_order(), idempotency_key="key-0001")

    assert response.status_code == 201, response.text
    order = response.json()
    assert order["total"] == eur(1840)
    assert order["totals"] == {
        "subtotal": eur(1500),
        "discount": eur(150),
        "shipping": eur(490),
        "tax": eur(294),
        "total": eur(1840),
        "prices_include_tax": True,
    }
    (line,) = order["lines"]
    assert (line["amount"], line["discount"], line["tax"]) == (eur(1500), eur(150), eur(216))
    assert order["discounts"] == [
        {"promotion": "welcome", "code": "WELCOME", "name": "Welcome", "amount": eur(150)}
    ]
    assert order["taxes"] == [
        {
            "name": "VAT 19 %",
            "rate": "19.000",
            "base": eur(1546),
            "amount": eur(294),
            "reason": None,
        }
    ]
    assert (order["email"], order["shipping_method"]) == ("ada@example.com", "parcel")
    assert (order["shipping_address"], order["billing_address"]) == (SHOWN_BERLIN, None)
    assert (await browser.get(f"/orders/{order['id']}")).json() == order
    assert (await browser.get("/orders")).json()["items"] == [order]


async def test_address_is_checked_for_its_country(shop: HttpShop, admin: Browser) -> None:
    del admin
    browser = await shop.customer("ada")
    body = new_order(
        shipping_address={**BERLIN, "postal_code": "1011"},
        billing_address={**BERLIN, "country": "XX"},
    )
    with shop.unchanged():
        response = await browser.post("/orders", body, idempotency_key="key-0001")
    assert_invalid(response, "/shipping_address/postal_code", "/billing_address/country")


async def test_order_of_nothing_to_pay_needs_no_payment(shop: HttpShop, admin: Browser) -> None:
    await put_promotion(admin, "100")
    free = {**PROMOTION, "effect": {"kind": "free_shipping"}}
    response = await admin.put("/promotions/free", free)
    assert response.status_code == 201, response.text
    browser = await shop.customer("ada")
    balance = shop.balance("ada")

    with shop.unchanged(except_table="idempotency_keys"):
        body = new_order(payment=None, expected_total=eur(1))
        response = await browser.post("/orders", body, idempotency_key="key-0000")
    assert (response.status_code, response.json()["type"]) == (409, "/problems/price-changed")
    assert response.json()["totals"]["total"] == eur(0)
    body = new_order(payment=None, expected_total=eur(0))
    response = await browser.post("/orders", body, idempotency_key="key-0001")

    order = response.json()
    assert (response.status_code, order["status"], order["total"]) == (201, "paid", eur(0))
    assert order["payment"] == {"method": "none", "status": "captured"}
    assert shop.balance("ada") == balance


async def test_other_order_without_a_payment_is_malformed(shop: HttpShop, admin: Browser) -> None:
    del admin
    browser = await shop.customer("ada")
    with shop.unchanged():
        response = await browser.post(
            "/orders", new_order(payment=None), idempotency_key="key-0001"
        )
    assert_invalid(response, "/payment")


async def test_missing_address_is_a_problem_of_its_own(shop: HttpShop, admin: Browser) -> None:
    del admin
    browser = await shop.customer("ada")
    with shop.unchanged():
        response = await browser.post(
            "/orders", new_order(shipping_address=None), idempotency_key="key-0001"
        )
    assert_problem(response, 422, "address-required")


async def test_unknown_codes_are_listed(shop: HttpShop, admin: Browser) -> None:
    del admin
    browser = await shop.customer("ada")
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.post(
            "/orders", new_order(codes=["none", "welcome", "nil"]), idempotency_key="key-0001"
        )
    assert_problem(response, 404, "code-not-found", codes=["NONE", "NIL"])


async def test_method_that_does_not_exist_is_rejected_also_without_rules(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = await shop.customer("ada")
    body = new_order(shipping_method="drone", codes=[])
    with shop.unchanged(except_table="idempotency_keys"):
        response = await browser.post("/orders", body, idempotency_key="key-0001")
    assert_problem(response, 409, "shipping-unavailable", method="drone")

    await browser.put("/cart/lines/TEA", {"quantity": 1})
    cart = (await browser.patch("/cart", {"shipping_method": "drone"})).json()
    assert cart["problems"] == [{"code": "shipping-unavailable", "method": "drone"}]
    assert cart["total"] == eur(500)
    cart = (await browser.patch("/cart", {"shipping_method": None})).json()
    assert cart["problems"] == []
