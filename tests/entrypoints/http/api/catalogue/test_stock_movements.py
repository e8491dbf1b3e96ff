"""Why stock changed, over HTTP; and adjustments that are sent again."""

from datetime import timedelta

import pytest

from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_problem, eur

pytestmark = pytest.mark.anyio

DELIVERY = {"delta": 3, "reason": "Delivery"}
SIZES = {"options": [{"name": "Size", "values": ["S", "M"]}]}


def _variant(sku: str, size: str) -> Json:
    return {"sku": sku, "price": eur(500), "options": {"Size": size}}


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    admin = await shop.admin()
    await admin.get("/session")
    await shop.add_product("TEA", on_hand=0)
    return admin


async def _adjust(admin: Browser, delta: int, reason: str) -> None:
    body = {"delta": delta, "reason": reason}
    assert (await admin.post("/products/TEA/stock", body)).status_code == 201


class TestMovements:
    async def test_are_listed_in_pages_from_the_newest(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        for number in range(1, 4):
            shop.clock.advance(timedelta(seconds=1))
            await _adjust(admin, number, f"Delivery {number}")

        first = (await admin.get("/products/TEA/stock/movements?limit=2")).json()
        rest = (await admin.get(f"/variants/TEA/stock/movements?cursor={first['next']}")).json()

        assert [each["reason"] for each in first["items"]] == ["Delivery 3", "Delivery 2"]
        assert first["items"][0] == {
            "id": first["items"][0]["id"],
            "kind": "adjustment",
            "on_hand_delta": 3,
            "reserved_delta": 0,
            "reason": "Delivery 3",
            "created_at": first["items"][0]["created_at"],
        }
        assert rest["items"][0]["reason"] == "Delivery 1"
        assert rest["next"] is None

    async def test_are_for_admins(self, shop: HttpShop, admin: Browser) -> None:
        del admin
        customer = await shop.customer("ada")
        for path in ("/products/TEA/stock/movements", "/variants/TEA/stock/movements"):
            assert_problem(await shop.browser().get(path), 401, "not-signed-in")
            assert_problem(await customer.get(path), 403, "forbidden", role="admin")

    async def test_are_those_of_what_exists(self, admin: Browser) -> None:
        for path in ("/products/NONE/stock/movements", "/variants/NONE/stock/movements"):
            assert_problem(await admin.get(path), 404, "product-not-found", sku="NONE")

    async def test_of_several_variants_are_asked_for_by_sku(self, admin: Browser) -> None:
        variants = [_variant("S", "S"), _variant("M", "M")]
        body = {"name": "Shirt", "description": "", "active": True, **SIZES, "variants": variants}
        await admin.put("/products/SHIRT", body)

        several = await admin.get("/products/SHIRT/stock/movements")
        assert_problem(several, 409, "several-variants", handle="SHIRT")
        assert (await admin.get("/variants/M/stock/movements")).json()["items"] == []


async def test_adjustment_is_answered_alike_after_the_product_got_other_variants(
    shop: HttpShop, admin: Browser
) -> None:
    texts = {"name": "Shirt", "description": "", "active": True, **SIZES}
    await admin.put("/products/SHIRT", {**texts, "variants": [_variant("SHIRT-S", "S")]})
    first = await admin.post("/products/SHIRT/stock", DELIVERY, Idempotency_Key="delivery-0001")
    both = [_variant("SHIRT-S", "S"), _variant("SHIRT-M", "M")]
    await admin.put("/products/SHIRT", {**texts, "variants": both})

    again = await admin.post("/products/SHIRT/stock", DELIVERY, Idempotency_Key="delivery-0001")
    other = await admin.post("/products/SHIRT/stock", DELIVERY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert first.json()["sku"] == "SHIRT-S"
    assert_problem(other, 409, "several-variants", handle="SHIRT")
    assert shop.on_hand("SHIRT-S") == 3
