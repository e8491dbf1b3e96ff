"""Products and stock over HTTP."""

import httpx2
import pytest

from tests.http.shops import Json, Shop, Visitor, eur, invalid, refused

pytestmark = pytest.mark.anyio

TEA: Json = {
    "name": "Earl Grey",
    "description": "Black tea\nwith bergamot.",
    "price": eur(500),
    "active": True,
}


async def adjust(
    admin: Visitor, delta: object, sku: str = "TEA", reason: object = "Delivery"
) -> httpx2.Response:
    return await admin.post(f"/products/{sku}/stock", {"delta": delta, "reason": reason})


@pytest.fixture
async def admin(shop: Shop) -> Visitor:
    admin = await shop.admin()
    # The promotion gives a new token; afterwards a request changes nothing by itself.
    await admin.get("/session")
    return admin


async def test_an_admin_describes_a_product_new_or_not(shop: Shop, admin: Visitor) -> None:
    answer = await admin.put("/products/TEA-1", TEA)
    assert answer.status_code == 201
    assert answer.json() == {**TEA, "sku": "TEA-1", "available": 0, "image_url": None}
    await adjust(admin, 7, "TEA-1")
    changed = {**TEA, "price": eur(600), "image_url": "https://example.com/tea.jpg"}
    answer = await admin.put("/products/TEA-1", changed)
    assert answer.status_code == 200
    assert answer.json() == {**changed, "sku": "TEA-1", "available": 7}
    assert (await shop.visitor().get("/products/TEA-1")).json() == answer.json()


async def test_a_product_that_is_not_sold_is_shown_but_not_listed(
    shop: Shop, admin: Visitor
) -> None:
    await admin.put("/products/TEA", {**TEA, "active": False})
    shown = await shop.visitor().get("/products/TEA")
    assert shown.status_code == 200
    assert shown.json()["active"] is False
    assert (await shop.visitor().get("/products")).json() == {"items": [], "next": None}


async def test_products_are_found_by_words_and_come_in_pages(shop: Shop) -> None:
    for sku in ("CUP", "POT", "TEA"):
        await shop.stock(sku, on_hand=3)
    visitor = shop.visitor()
    found = (await visitor.get("/products?q=TE")).json()
    assert [item["sku"] for item in found["items"]] == ["TEA"]
    pages = await visitor.pages("/products")
    assert [[item["sku"] for item in page] for page in pages] == [["CUP"], ["POT"], ["TEA"]]


async def test_a_product_there_is_not_is_not_found(shop: Shop) -> None:
    refused(await shop.visitor().get("/products/TEA"), 404, "product-not-found", sku="TEA")


@pytest.mark.parametrize("sku", ["-TEA", "T%20A", "x" * 65, "T%00", "T%C3%A9"])
async def test_what_cannot_be_a_sku_is_pointed_to(shop: Shop, admin: Visitor, sku: str) -> None:
    with shop.unchanged():
        invalid(await shop.visitor().get(f"/products/{sku}"), "/path/sku")
        invalid(await admin.put(f"/products/{sku}", TEA), "/path/sku")
        invalid(await adjust(admin, 1, sku), "/path/sku")


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
async def test_a_product_that_cannot_be_is_pointed_to(
    shop: Shop, admin: Visitor, change: Json, pointer: str
) -> None:
    with shop.unchanged():
        invalid(await admin.put("/products/TEA", {**TEA, **change}), pointer)


async def test_goods_are_counted_in_and_out(shop: Shop, admin: Visitor) -> None:
    await shop.stock("TEA", on_hand=2)
    answer = await adjust(admin, 5)
    assert answer.status_code == 201
    assert answer.json() == {"sku": "TEA", "on_hand": 7, "reserved": 0, "available": 7}
    answer = await adjust(admin, -7)
    assert answer.status_code == 201
    assert answer.json() == {"sku": "TEA", "on_hand": 0, "reserved": 0, "available": 0}


async def test_more_than_there_is_cannot_be_counted_out(shop: Shop, admin: Visitor) -> None:
    await shop.stock("TEA", on_hand=2)
    with shop.unchanged():
        answer = await adjust(admin, -3)
    refused(answer, 409, "stock-below-reserved", sku="TEA", on_hand=2, reserved=0)


async def test_stock_is_of_a_product_there_is(shop: Shop, admin: Visitor) -> None:
    with shop.unchanged():
        refused(await adjust(admin, 1), 404, "product-not-found", sku="TEA")


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
async def test_an_adjustment_that_cannot_be_is_pointed_to(
    shop: Shop, admin: Visitor, delta: object, reason: str, pointer: str
) -> None:
    await shop.stock("TEA", on_hand=2)
    with shop.unchanged():
        invalid(await adjust(admin, delta, reason=reason), pointer)


async def test_only_admins_describe_products_and_count_goods(shop: Shop) -> None:
    await shop.stock("TEA")
    customer, nobody = await shop.customer("ada"), shop.visitor()
    with shop.unchanged():
        refused(await customer.put("/products/TEA", TEA), 403, "forbidden", role="admin")
        refused(await adjust(customer, 1), 403, "forbidden", role="admin")
        refused(await nobody.put("/products/TEA", TEA), 401, "not-signed-in")
        refused(await adjust(nobody, 1), 401, "not-signed-in")
