"""Products and stock over HTTP."""

from datetime import timedelta

import httpx2
import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.clients import (
    Browser,
    HttpShop,
    Json,
    assert_invalid,
    assert_problem,
    eur,
)

pytestmark = pytest.mark.anyio

TEA: Json = {
    "name": "Earl Grey",
    "description": "Black tea\nwith bergamot.",
    "price": eur(500),
    "active": True,
}


async def adjust(
    admin: Browser, delta: object, sku: str = "TEA", reason: object = "Delivery"
) -> httpx2.Response:
    return await admin.post(f"/products/{sku}/stock", {"delta": delta, "reason": reason})


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    admin = await shop.admin()
    # The promotion gives a new token; afterwards a request changes nothing by itself.
    await admin.get("/session")
    return admin


def _shown(description: Json, *, available: int, **others: object) -> Json:
    """Return a product with one variant, as it is answered."""
    variant = {
        "sku": "TEA-1",
        "price": description["price"],
        "options": {},
        "weight_grams": 0,
        "tax_category": "standard",
        "ships": True,
        "active": True,
        "available": available,
    }
    product = {
        "handle": "TEA-1",
        "sku": "TEA-1",
        "available": available,
        "options": [],
        "categories": [],
        "images": [],
        "seo": {"title": "Earl Grey", "description": "Black tea with bergamot."},
    }
    return {**description, **product, "variants": [variant], **others}


async def test_admin_can_create_and_update_a_product(shop: HttpShop, admin: Browser) -> None:
    response = await admin.put("/products/TEA-1", TEA)
    assert response.status_code == 201
    assert response.json() == _shown(TEA, available=0, image_url=None)
    await adjust(admin, 7, "TEA-1")
    changed = {**TEA, "price": eur(600), "image_url": "https://example.com/tea.jpg"}
    response = await admin.put("/products/TEA-1", changed)
    assert response.status_code == 200
    assert response.json() == _shown(changed, available=7)
    assert (await shop.browser().get("/products/TEA-1")).json() == response.json()


async def test_image_is_kept_unless_it_is_named(admin: Browser) -> None:
    with_image = {**TEA, "image_url": "https://example.com/tea.jpg"}
    created = (await admin.put("/products/TEA", with_image)).json()
    kept = (await admin.put("/products/TEA", {**TEA, "price": eur(600)})).json()
    removed = (await admin.put("/products/TEA", {**TEA, "image_url": None})).json()
    assert (created["image_url"], kept["image_url"]) == ("https://example.com/tea.jpg",) * 2
    assert (kept["price"], removed["image_url"]) == (eur(600), None)


class TestAProductThatIsOffSale:
    """It is there for staff alone."""

    @pytest.fixture(autouse=True)
    async def _products(self, shop: HttpShop) -> None:
        await shop.add_product("OLD", active=False)
        await shop.add_product("TEA")

    async def test_it_is_not_found_by_the_public(self, shop: HttpShop, clock: FakeClock) -> None:
        customer = await shop.customer("ada")
        for browser in (shop.browser(), customer):
            response = await browser.get("/products/OLD")
            assert_problem(response, 404, "product-not-found", sku="OLD")
            assert [item["sku"] for item in (await browser.get("/products")).json()["items"]] == [
                "TEA"
            ]
        clock.advance(timedelta(days=31))
        assert_problem(await customer.get("/products/OLD"), 404, "product-not-found", sku="OLD")
        assert (await customer.get("/products/TEA")).status_code == 200

    async def test_staff_see_it_and_list_it(self, admin: Browser) -> None:
        shown = await admin.get("/products/OLD")
        assert (shown.status_code, shown.json()["active"]) == (200, False)
        listed = {
            query: [item["sku"] for item in (await admin.get(f"/products{query}")).json()["items"]]
            for query in ("", "?active=true", "?active=false", "?active=false&q=tea")
        }
        assert listed == {
            "": ["TEA"],
            "?active=true": ["TEA"],
            "?active=false": ["OLD"],
            "?active=false&q=tea": [],
        }

    async def test_only_staff_choose_what_is_listed(self, shop: HttpShop) -> None:
        stranger, customer = shop.browser(), await shop.customer("ada")
        for query in ("active=true", "active=false"):
            assert_problem(await stranger.get(f"/products?{query}"), 401, "not-signed-in")
            response = await customer.get(f"/products?{query}")
            assert_problem(response, 403, "forbidden", role="admin")
        assert_invalid(await customer.get("/products?active=perhaps"), "/query/active")


async def test_products_are_searched_by_words_and_listed_in_pages(shop: HttpShop) -> None:
    for sku in ("CUP", "POT", "TEA"):
        await shop.add_product(sku, on_hand=3)
    browser = shop.browser()
    found = (await browser.get("/products?q=TE")).json()
    assert [item["sku"] for item in found["items"]] == ["TEA"]
    pages = await browser.pages("/products")
    assert [[item["sku"] for item in page] for page in pages] == [["CUP"], ["POT"], ["TEA"]]


async def test_unknown_product_is_not_found(shop: HttpShop) -> None:
    assert_problem(await shop.browser().get("/products/TEA"), 404, "product-not-found", sku="TEA")


@pytest.mark.parametrize("sku", ["-TEA", "T%20A", "x" * 65, "T%00", "T%C3%A9"])
async def test_invalid_sku_is_rejected_with_a_pointer(
    shop: HttpShop, admin: Browser, sku: str
) -> None:
    with shop.unchanged():
        assert_invalid(await shop.browser().get(f"/products/{sku}"), "/path/handle")
        assert_invalid(await admin.put(f"/products/{sku}", TEA), "/path/handle")
        assert_invalid(await adjust(admin, 1, sku), "/path/handle")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"description": "x" * 4001}, "/description"),
        ({"description": "a\x00b"}, "/description"),
        ({"price": eur(0)}, "/price/amount"),
        ({"price": eur(10**9 + 1)}, "/price/amount"),
        ({"price": {"amount": 1, "currency": "USD"}}, "/price/currency"),
        ({"active": 1}, "/active"),
        ({"image_url": "javascript:alert(1)"}, "/image_url"),
        ({"image_url": "https://" + "x" * 2000}, "/image_url"),
        ({"colour": "black"}, "/colour"),
    ],
)
async def test_invalid_product_is_rejected_with_pointers(
    shop: HttpShop, admin: Browser, change: Json, pointer: str
) -> None:
    with shop.unchanged():
        assert_invalid(await admin.put("/products/TEA", {**TEA, **change}), pointer)


async def test_stock_can_be_increased_and_decreased(shop: HttpShop, admin: Browser) -> None:
    await shop.add_product("TEA", on_hand=2)
    response = await adjust(admin, 5)
    assert response.status_code == 201
    assert response.json() == {"sku": "TEA", "on_hand": 7, "reserved": 0, "available": 7}
    response = await adjust(admin, -7)
    assert response.status_code == 201
    assert response.json() == {"sku": "TEA", "on_hand": 0, "reserved": 0, "available": 0}


async def test_stock_cannot_become_negative(shop: HttpShop, admin: Browser) -> None:
    await shop.add_product("TEA", on_hand=2)
    with shop.unchanged():
        response = await adjust(admin, -3)
    assert_problem(response, 409, "stock-below-reserved", sku="TEA", on_hand=2, reserved=0)


async def test_stock_adjustment_requires_an_existing_product(
    shop: HttpShop, admin: Browser
) -> None:
    with shop.unchanged():
        assert_problem(await adjust(admin, 1), 404, "product-not-found", sku="TEA")


@pytest.mark.parametrize(
    ("delta", "reason", "pointer"),
    [
        (0, "Delivery", "/delta"),
        (10**9 + 1, "Delivery", "/delta"),
        (10**9, "Delivery", "/delta"),
        (1.5, "Delivery", "/delta"),
        (1, "", "/reason"),
        (1, "x" * 201, "/reason"),
        (1, "a\tb", "/reason"),
    ],
)
async def test_invalid_adjustment_is_rejected_with_pointers(
    shop: HttpShop, admin: Browser, delta: object, reason: str, pointer: str
) -> None:
    await shop.add_product("TEA", on_hand=2)
    with shop.unchanged():
        assert_invalid(await adjust(admin, delta, reason=reason), pointer)


async def test_only_admins_can_edit_products_and_adjust_stock(shop: HttpShop) -> None:
    await shop.add_product("TEA")
    customer, stranger = await shop.customer("ada"), shop.browser()
    with shop.unchanged():
        assert_problem(await customer.put("/products/TEA", TEA), 403, "forbidden", role="admin")
        assert_problem(await adjust(customer, 1), 403, "forbidden", role="admin")
        assert_problem(await stranger.put("/products/TEA", TEA), 401, "not-signed-in")
        assert_problem(await adjust(stranger, 1), 401, "not-signed-in")
