"""What is entered beside the lines of a cart, over HTTP, with every store of sessions."""

import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
)

pytestmark = pytest.mark.anyio

HOME: Json = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postal_code": "sw1y4jh",
    "city": "London",
    "country": "GB",
}
SHOWN: Json = {
    **HOME,
    "postal_code": "SW1Y 4JH",
    "company": None,
    "line2": None,
    "region": None,
    "phone": None,
    "vat_number": None,
}
UNDELIVERABLE = (
    "a@b",
    "a@x..com",
    "a@-x.com",
    "<a@x.com>",
    '"a b"@x.com',
    "a@[127.0.0.1]",
    f"{'a' * 65}@x.com",
)
DETAILS = ("email", "shipping_address", "billing_address", "shipping_method")


@pytest.fixture(params=["database", "cookie"])
def session_store(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def _details(cart: Json) -> Json:
    return {name: cart[name] for name in DETAILS if name in cart}


async def _patched(browser: Browser, **members: object) -> Json:
    response = await browser.patch("/cart", members)
    assert response.status_code == 200, response.text
    cart: Json = response.json()
    assert (await browser.get("/cart")).json() == cart
    return cart


async def test_details_are_kept_replaced_and_removed(shop: HttpShop) -> None:
    browser = shop.browser()

    cart = await _patched(
        browser, email=" Ada@Example.COM", shipping_address=HOME, shipping_method="parcel"
    )
    assert _details(cart) == {
        "email": "ada@example.com",
        "shipping_address": SHOWN,
        "shipping_method": "parcel",
    }

    cart = await _patched(browser, billing_address={**HOME, "name": "ACME"}, email=None)
    assert _details(cart) == {
        "shipping_address": SHOWN,
        "billing_address": {**SHOWN, "name": "ACME"},
        "shipping_method": "parcel",
    }

    cart = await _patched(
        browser, shipping_address=None, billing_address=None, shipping_method=None
    )
    assert _details(cart) == {}


async def test_address_is_replaced_as_a_whole(shop: HttpShop) -> None:
    browser = shop.browser()
    await _patched(browser, shipping_address={**HOME, "company": "ACME"})

    cart = await _patched(browser, shipping_address=HOME)

    assert cart["shipping_address"] == SHOWN


async def test_invalid_details_are_rejected_with_pointers_and_change_nothing(
    shop: HttpShop,
) -> None:
    browser = await shop.customer()
    wrong = {**HOME, "postal_code": "10115"}
    with shop.unchanged():
        assert_invalid(
            await browser.patch("/cart", {"shipping_address": wrong, "billing_address": wrong}),
            "/shipping_address/postal_code",
            "/billing_address/postal_code",
        )
        assert_invalid(await browser.patch("/cart", {"email": "ada"}), "/email")
        assert_invalid(
            await browser.patch("/cart", {"shipping_address": {"country": "GB"}}),
            "/shipping_address/name",
            "/shipping_address/line1",
        )
        assert_invalid(await browser.patch("/cart", {"codes": []}), "/codes")


@pytest.mark.parametrize("email", UNDELIVERABLE)
async def test_address_that_no_letter_can_reach_is_rejected_as_at_sign_up(
    shop: HttpShop, email: str
) -> None:
    browser = await shop.customer()
    with shop.unchanged():
        response = await browser.patch("/cart", {"email": email})
        new_user = {"name": "Ada", "email": email, "password": "a" * 20}
        signed_up = await shop.browser().post("/users", new_user)
    assert_invalid(response, "/email")
    assert response.json()["errors"] == signed_up.json()["errors"]


async def test_lines_and_details_do_not_change_each_other(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    browser = shop.browser()
    await _patched(browser, email="ada@example.com")

    put = (await browser.put("/cart/lines/TEA", {"quantity": 2})).json()
    assert (_details(put), len(put["lines"])) == ({"email": "ada@example.com"}, 1)

    cart = await _patched(browser, shipping_method="parcel")
    assert [each["quantity"] for each in cart["lines"]] == [2]


async def test_cleared_cart_has_no_details(shop: HttpShop) -> None:
    browser = shop.browser()
    await _patched(browser, email="ada@example.com", shipping_address=HOME)

    assert _details((await browser.delete("/cart")).json()) == {}
    assert _details((await browser.get("/cart")).json()) == {}


async def test_visitors_who_begin_too_many_sessions_have_to_wait(clock: FakeClock) -> None:
    shop = HttpShop.open(clock, visitor_sessions_per_address=1)
    assert (await shop.browser().patch("/cart", {"shipping_method": "a"})).status_code == 200
    with shop.unchanged():
        response = await shop.browser().patch("/cart", {"shipping_method": "a"})
        assert_problem(response, 429, "too-many-requests", retry_after_seconds=3600)
