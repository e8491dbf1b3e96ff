"""Tax categories that the shop has no rate of: a slip in a name leaves no sale untaxed."""

import pytest

from tests.entrypoints.http.api.catalogue.test_imports import HEADER, TEA, ended
from tests.entrypoints.http.api.rules.documents import METHOD, RATE, ZONE
from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_invalid, eur

pytestmark = pytest.mark.anyio

FLOWERS: Json = {**RATE, "category": "flowers", "rate": "7.000"}
POINTER = "/variants/0/tax_category"


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    """Return an admin's browser; the shop has rates of two categories."""
    admin = await shop.admin()
    for slug, rate in (("standard", RATE), ("flowers", FLOWERS)):
        assert (await admin.put(f"/tax-rates/{slug}", rate)).status_code == 201
    return admin


def _flower(category: str = "flowers", **changes: object) -> Json:
    variant = {"sku": "FLOWER", "price": eur(1990), "tax_category": category}
    return {"name": "Flower", "description": "", "active": True, "variants": [variant], **changes}


class TestAVariant:
    async def test_cannot_be_of_a_category_that_no_rate_has(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        with shop.unchanged(except_table="sessions"):
            response = await admin.put("/products/FLOWER", _flower("flwers"))
        assert_invalid(response, POINTER)
        (error,) = response.json()["errors"]
        assert error["detail"] == (
            "must be a category of the shop's tax rates (flowers, standard), not flwers; to add it,"
            " save a tax rate of it first."
        )

    @pytest.mark.parametrize("category", ["shared", "highest"])
    async def test_is_never_taxed_like_shipping(self, shop: HttpShop, category: str) -> None:
        admin = await shop.admin()
        with shop.unchanged(except_table="sessions"):
            assert_invalid(await admin.put("/products/FLOWER", _flower(category)), POINTER)

    @pytest.mark.parametrize(
        "category",
        ["flowers", "standard", "reduced", "reduced-2", "super-reduced", "zero", "exempt"],
    )
    async def test_may_be_of_a_category_of_a_rate_or_of_a_usual_one(
        self, admin: Browser, category: str
    ) -> None:
        assert (await admin.put("/products/FLOWER", _flower(category))).status_code == 201

    async def test_may_be_of_any_category_while_the_shop_has_no_rates(self, shop: HttpShop) -> None:
        admin = await shop.admin()
        assert (await admin.put("/products/FLOWER", _flower("flwers"))).status_code == 201

    async def test_can_be_saved_after_its_rate_has_ended(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/products/FLOWER", _flower())
        assert (await admin.delete("/tax-rates/flowers")).status_code == 204
        assert (await admin.put("/products/FLOWER", _flower(name="A flower"))).status_code == 200
        other = {"sku": "FLOWER-2", "price": eur(1990), "tax_category": "flowers"}
        with shop.unchanged(except_table="sessions"):
            response = await admin.put("/products/FLOWER-2", _flower(variants=[other]))
        assert_invalid(response, POINTER)

    async def test_of_a_file_is_reported_by_line(self, shop: HttpShop, admin: Browser) -> None:
        await admin.put("/products/FLOWER", _flower())
        await admin.delete("/tax-rates/flowers")
        row = "FLOWER,Flower,,1990,1,flowers\n"
        header = HEADER.strip() + ",tax_category\n"

        failed = await ended(shop, admin, header + row + TEA.strip() + ",flwers\n")

        assert failed["status"] == "failed"
        (error,) = failed["errors"]
        assert (error["line"], error["column"]) == (3, "tax_category")
        assert error["detail"].startswith("must be a category of the shop's tax rates (standard)")
        done = await ended(shop, admin, header + row + TEA.strip() + ",zero\n")
        assert (done["status"], done["added"], done["changed"]) == ("done", 1, 1)


class TestAShippingMethod:
    async def test_cannot_be_of_a_category_that_no_rate_has(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/shipping-zones/germany", ZONE)
        with shop.unchanged(except_table="sessions"):
            response = await admin.put("/shipping-methods/parcel", {**METHOD, "tax": "flwers"})
        assert_invalid(response, "/tax")
        for tax in ("flowers", "shared", "highest", "reduced"):
            response = await admin.put("/shipping-methods/parcel", {**METHOD, "tax": tax})
            assert response.status_code in {200, 201}, response.text

    async def test_can_be_saved_after_its_rate_has_ended(self, admin: Browser) -> None:
        method = {**METHOD, "tax": "flowers"}
        await admin.put("/shipping-zones/germany", ZONE)
        await admin.put("/shipping-methods/parcel", method)
        await admin.delete("/tax-rates/flowers")
        renamed = {**method, "name": "Letter"}
        assert (await admin.put("/shipping-methods/parcel", renamed)).status_code == 200
