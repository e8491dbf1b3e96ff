"""The cart as the quote prices it, over HTTP."""

import pytest

from tests.entrypoints.http.api.rules.documents import METHOD, PROMOTION, RATE, ZONE
from tests.entrypoints.http.clients import Browser, HttpShop, Json, eur

pytestmark = pytest.mark.anyio

BERLIN: Json = {
    "name": "Ada Lovelace",
    "line1": "Unter den Linden 1",
    "postal_code": "10117",
    "city": "Berlin",
    "country": "DE",
}


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; there are two products at 5 euros each."""
    await shop.add_product("CUP")
    await shop.add_product("TEA")
    return await shop.admin()


async def _rules(admin: Browser, **documents: Json) -> None:
    paths = {
        "rate": "/tax-rates/de-standard",
        "zone": "/shipping-zones/germany",
        "method": "/shipping-methods/parcel",
        "promotion": "/promotions/sale",
    }
    for name, document in documents.items():
        response = await admin.put(paths[name], document)
        assert response.status_code == 201, response.text


async def _visitor(shop: HttpShop, **quantities: int) -> Browser:
    browser = shop.browser()
    for sku, quantity in quantities.items():
        await browser.put(f"/cart/lines/{sku}", {"quantity": quantity})
    return browser


async def _cart(browser: Browser) -> Json:
    cart: Json = (await browser.get("/cart")).json()
    return cart


async def test_lines_sums_taxes_and_discounts_are_those_of_the_quote(
    shop: HttpShop, admin: Browser
) -> None:
    await _rules(admin, rate=RATE, zone=ZONE, method=METHOD, promotion=PROMOTION)
    browser = await _visitor(shop, TEA=2, CUP=1)
    patched = await browser.patch(
        "/cart", {"shipping_address": BERLIN, "shipping_method": "parcel"}
    )
    assert patched.status_code == 200, patched.text

    cart = await _cart(browser)

    assert cart == patched.json()
    assert [
        (each["sku"], each["amount"], each["discount"], each["tax"]) for each in cart["lines"]
    ] == [
        ("TEA", eur(1000), eur(100), eur(144)),
        ("CUP", eur(500), eur(50), eur(72)),
    ]
    assert cart["totals"] == {
        "subtotal": eur(1500),
        "discount": eur(150),
        "shipping": eur(490),
        "tax": eur(294),
        "total": eur(1840),
        "prices_include_tax": True,
    }
    assert cart["total"] == eur(1840)
    assert cart["taxes"] == [
        {
            "name": "VAT 19 %",
            "rate": "19.000",
            "base": eur(1546),
            "amount": eur(294),
            "reason": None,
        }
    ]
    assert cart["discounts"] == [{"promotion": "sale", "name": "Sale", "amount": eur(150)}]
    assert cart["problems"] == []


async def test_missing_address_then_method_then_a_wrong_method_are_problems(
    shop: HttpShop, admin: Browser
) -> None:
    await _rules(admin, zone=ZONE, method=METHOD)
    browser = await _visitor(shop, TEA=1)
    assert (await _cart(browser))["problems"] == [{"code": "address-required"}]

    no_method = await browser.patch("/cart", {"shipping_address": BERLIN})
    assert no_method.json()["problems"] == [{"code": "shipping-unavailable"}]

    wrong_method = await browser.patch("/cart", {"shipping_method": "pigeon"})
    assert wrong_method.json()["problems"] == [{"code": "shipping-unavailable", "method": "pigeon"}]

    right_method = await browser.patch("/cart", {"shipping_method": "parcel"})
    assert (right_method.json()["problems"], right_method.json()["total"]) == ([], eur(990))


async def test_line_that_is_gone_or_off_sale_stays_visible_and_can_be_removed(
    shop: HttpShop, admin: Browser
) -> None:
    browser = await _visitor(shop, TEA=1, CUP=2)
    archived = await admin.delete("/products/TEA")
    assert archived.status_code == 204

    cart = await _cart(browser)

    assert [(each["sku"], each["problems"]) for each in cart["lines"]] == [
        ("TEA", ["not-for-sale"]),
        ("CUP", []),
    ]
    (problem,) = cart["problems"]
    assert (problem["code"], problem["sku"]) == ("not-for-sale", "TEA")
    removed = await browser.delete("/cart/lines/TEA")
    assert (removed.json()["problems"], removed.json()["total"]) == ([], eur(1000))


async def test_methods_that_serve_the_address_are_listed_by_price(
    shop: HttpShop, admin: Browser
) -> None:
    await _rules(admin, zone=ZONE, method={**METHOD, "estimate": "2 to 3 days"})
    await admin.put(
        "/shipping-methods/express",
        {**METHOD, "prices": [{"from_weight_grams": 0, "price": eur(990)}], "name": "Express"},
    )
    await admin.put(
        "/shipping-methods/shop",
        {
            **METHOD,
            "prices": [{"from_weight_grams": 0, "price": eur(0)}],
            "name": "In our shop",
            "pick_up": True,
        },
    )
    browser = await _visitor(shop, TEA=1)
    picked_up = {"code": "shop", "name": "In our shop", "price": eur(0)}

    without_address = await browser.get("/cart/shipping-methods")
    assert without_address.json() == {"items": [picked_up]}

    await browser.patch("/cart", {"shipping_address": BERLIN})
    listed = await browser.get("/cart/shipping-methods")
    assert listed.json() == {
        "items": [
            picked_up,
            {"code": "parcel", "name": "Parcel", "price": eur(490), "estimate": "2 to 3 days"},
            {"code": "express", "name": "Express", "price": eur(990)},
        ]
    }


async def test_rule_that_has_changed_counts_at_once(shop: HttpShop, admin: Browser) -> None:
    browser = await _visitor(shop, TEA=2)
    assert (await _cart(browser))["total"] == eur(1000)

    await _rules(admin, promotion=PROMOTION)
    assert (await _cart(browser))["total"] == eur(900)

    await admin.put("/promotions/sale", {**PROMOTION, "active": False})
    assert (await _cart(browser))["total"] == eur(1000)
