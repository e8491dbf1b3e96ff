"""The cart that all sessions of a customer share, over HTTP, with every store of sessions."""

import pytest

from tests.entrypoints.http.api.rules.documents import PROMOTION
from tests.entrypoints.http.clients import Browser, HttpShop, Json, eur

pytestmark = pytest.mark.anyio

BY_ACCOUNT: Json = {"payment": {"method": "account"}}
HOME: Json = {"name": "Ada", "line1": "1 Main Street", "city": "Galway", "country": "IE"}


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
async def ada(shop: HttpShop) -> Browser:
    """Return the browser of a customer; there is tea and coffee at 5 euros each."""
    await shop.add_product("TEA")
    await shop.add_product("COFFEE")
    return await shop.customer("ada")


async def _put(browser: Browser, **quantities: int) -> None:
    for sku, quantity in quantities.items():
        response = await browser.put(f"/cart/lines/{sku}", {"quantity": quantity})
        assert response.status_code == 200, response.text


async def _cart(browser: Browser) -> Json:
    cart: Json = (await browser.get("/cart")).json()
    assert (await browser.get("/session")).json()["cart"] == cart
    return cart


async def _lines(browser: Browser) -> dict[str, int]:
    return {each["sku"]: each["quantity"] for each in (await _cart(browser))["lines"]}


async def test_all_sessions_of_a_customer_see_one_cart(shop: HttpShop, ada: Browser) -> None:
    phone = shop.browser()
    await phone.sign_in("ada")

    await _put(ada, TEA=2)
    await _put(phone, COFFEE=1)
    await phone.patch("/cart", {"email": "ada@example.com"})

    assert await _lines(ada) == await _lines(phone) == {"TEA": 2, "COFFEE": 1}
    assert (await _cart(ada))["email"] == "ada@example.com"
    await phone.delete("/cart/lines/TEA")
    assert await _lines(ada) == {"COFFEE": 1}
    assert await _lines(await shop.customer("bob")) == {}


async def test_visitors_cart_becomes_part_of_the_customers_at_sign_in(
    shop: HttpShop, ada: Browser
) -> None:
    await _put(ada, TEA=2)
    await ada.patch("/cart", {"email": "ada@example.com", "shipping_address": HOME})
    visitor = shop.browser()
    await _put(visitor, COFFEE=1, TEA=1)
    await visitor.patch("/cart", {"shipping_method": "parcel"})

    signed_in = await visitor.sign_in("ada")

    cart = await _cart(visitor)
    assert signed_in.json()["cart"] == cart == await _cart(ada)
    assert [(each["sku"], each["quantity"]) for each in cart["lines"]] == [
        ("TEA", 2),
        ("COFFEE", 1),
    ]
    assert (cart["email"], cart["shipping_method"]) == ("ada@example.com", "parcel")
    assert cart["shipping_address"]["city"] == "Galway"

    await visitor.sign_in("ada")
    assert await _cart(visitor) == cart


async def test_what_another_person_has_entered_before_sign_in_does_not_replace_the_customers(
    shop: HttpShop, ada: Browser
) -> None:
    await ada.patch("/cart", {"email": "ada@example.com", "shipping_address": HOME})
    mallory = shop.browser()
    theirs = {**HOME, "line1": "2 Main Street"}
    await mallory.patch("/cart", {"email": "mallory@example.com", "shipping_address": theirs})

    await mallory.sign_in("ada")

    cart = await _cart(ada)
    assert cart["email"] == "ada@example.com"
    assert cart["shipping_address"]["line1"] == "1 Main Street"


async def test_visitors_cart_is_the_customers_at_sign_up(shop: HttpShop, ada: Browser) -> None:
    del ada
    visitor = shop.browser()
    await _put(visitor, TEA=3)
    await visitor.patch(
        "/cart",
        {"shipping_method": "parcel", "email": "bob@example.com", "shipping_address": HOME},
    )

    await visitor.sign_up("bob")

    assert await _lines(visitor) == {"TEA": 3}
    phone = shop.browser()
    await phone.sign_in("bob")
    assert await _lines(phone) == {"TEA": 3}
    cart = await _cart(phone)
    assert (cart["shipping_method"], cart["email"]) == ("parcel", "bob@example.com")
    assert cart["shipping_address"]["line1"] == "1 Main Street"


async def test_cart_outlives_sign_out_and_the_visitor_begins_with_an_empty_one(
    ada: Browser,
) -> None:
    await _put(ada, TEA=2)

    assert (await ada.delete("/session")).status_code == 204

    assert await _lines(ada) == {}
    await ada.sign_in("ada")
    assert await _lines(ada) == {"TEA": 2}


async def test_cart_is_not_passed_on_to_another_customer(shop: HttpShop, ada: Browser) -> None:
    await _put(ada, TEA=2)
    await shop.customer("bob")

    await ada.sign_in("bob")

    assert await _lines(ada) == {}
    await ada.sign_in("ada")
    assert await _lines(ada) == {"TEA": 2}


@pytest.mark.parametrize(
    "payment", [{"method": "account"}, {"method": "card", "token": "tok_visa"}]
)
async def test_order_takes_and_empties_the_cart_of_all_sessions(
    shop: HttpShop, ada: Browser, payment: Json
) -> None:
    phone = shop.browser()
    await phone.sign_in("ada")
    await _put(ada, TEA=2)
    await ada.patch("/cart", {"email": "ada@example.com"})

    placed = await phone.post("/orders", {"payment": payment}, idempotency_key="key-0001")

    assert placed.status_code == 201, placed.text
    assert placed.json()["total"] == eur(1000)
    for browser in (ada, phone):
        cart = await _cart(browser)
        assert (cart["lines"], "email" in cart) == ([], False)
    again = await phone.post("/orders", {"payment": payment}, idempotency_key="key-0002")
    assert again.json()["type"] == "/problems/empty-cart"


@pytest.mark.parametrize(
    "payment", [{"method": "account"}, {"method": "card", "token": "tok_visa"}]
)
async def test_code_that_an_order_of_other_lines_has_used_leaves_the_cart(
    shop: HttpShop, ada: Browser, payment: Json
) -> None:
    admin = await shop.admin()
    sale: Json = {**PROMOTION, "code": "SALE", "limit_per_customer": 1}
    for slug, document in (("sale", sale), ("more", {**PROMOTION, "code": "MORE"})):
        response = await admin.put(f"/promotions/{slug}", document)
        assert response.status_code == 201, response.text
    await _put(ada, TEA=2)
    await ada.patch("/cart", {"email": "ada@example.com"})
    assert (await ada.post("/cart/codes", {"code": "SALE"})).status_code == 200
    body: Json = {"lines": [{"sku": "COFFEE", "quantity": 1}], "payment": payment}

    first = await ada.post("/orders", body, idempotency_key="key-0001")

    assert [each["code"] for each in first.json()["discounts"]] == ["SALE"], first.text
    cart = await _cart(ada)
    assert (cart["codes"], cart["email"]) == ([], "ada@example.com")
    assert await _lines(ada) == {"TEA": 2}
    second = await ada.post("/orders", body, idempotency_key="key-0002")
    assert (second.status_code, second.json()["discounts"]) == (201, [])


async def test_order_of_other_lines_keeps_the_cart(ada: Browser) -> None:
    await _put(ada, TEA=2)

    assert (await ada.order("COFFEE")).status_code == 201

    assert await _lines(ada) == {"TEA": 2}
