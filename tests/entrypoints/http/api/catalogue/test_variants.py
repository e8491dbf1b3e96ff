"""Products with several variants: putting, buying, stocking and archiving them."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.clock import FakeClock
from tests.entrypoints.http.clients import Browser, HttpShop, Json, assert_invalid, assert_problem

pytestmark = pytest.mark.anyio


def eur(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


def variant(size: str, price: int = 1990, **changes: object) -> Json:
    return {"sku": f"SHIRT-{size}", "price": eur(price), "options": {"Size": size}, **changes}


def shirt(*variants: Json, **changes: object) -> Json:
    sizes = {"name": "Size", "values": ["S", "M", "L"]}
    texts = {"name": "Shirt", "description": "Of linen.", "active": True}
    return {**texts, "options": [sizes], "variants": list(variants), **changes}


@pytest.fixture
async def admin(shop: HttpShop) -> Browser:
    admin = await shop.admin()
    # The promotion gives a new token; afterwards a request changes nothing by itself.
    await admin.get("/session")
    return admin


async def _stock(admin: Browser, sku: str, delta: int) -> None:
    body = {"delta": delta, "reason": "Delivery"}
    assert (await admin.post(f"/variants/{sku}/stock", body)).status_code == 201


async def test_skus_that_differ_in_case_are_two(shop: HttpShop, admin: Browser) -> None:
    put = await admin.put("/products/SHIRT", shirt(variant("S"), variant("M", sku="shirt-s")))
    assert put.status_code == 201
    for sku in ("SHIRT-S", "shirt-s"):
        assert (await shop.browser().get(f"/variants/{sku}")).json()["sku"] == sku


async def test_product_is_shown_with_all_its_variants(shop: HttpShop, admin: Browser) -> None:
    medium = variant(
        "M",
        2190,
        compare_at_price=eur(2500),
        weight_grams=180,
        barcode="4006381333931",
        ships=False,
        tax_category="reduced",
    )
    put = await admin.put("/products/SHIRT", shirt(variant("S"), medium))
    assert put.status_code == 201
    await _stock(admin, "SHIRT-S", 3)
    await _stock(admin, "SHIRT-M", 4)

    shown = (await shop.browser().get("/products/SHIRT")).json()

    defaults = {"weight_grams": 0, "tax_category": "standard", "ships": True, "active": True}
    assert shown == {
        **shirt(),
        "handle": "SHIRT",
        "price": eur(1990),
        "available": 7,
        "image_url": None,
        "categories": [],
        "images": [],
        "seo": {"title": "Shirt", "description": "Of linen."},
        "variants": [
            {**defaults, **variant("S"), "available": 3},
            {**defaults, **medium, "available": 4},
        ],
    }
    assert (await shop.browser().get("/products")).json()["items"] == [shown]


async def test_stock_that_moves_from_one_variant_to_another_is_sent(
    shop: HttpShop, admin: Browser
) -> None:
    await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
    await _stock(admin, "SHIRT-S", 1)
    before = await shop.browser().get("/products/SHIRT")

    await _stock(admin, "SHIRT-S", -1)
    await _stock(admin, "SHIRT-M", 1)

    after = await shop.browser().get("/products/SHIRT", if_none_match=before.headers["ETag"])
    assert after.status_code == 200
    assert after.json()["available"] == before.json()["available"] == 1
    assert [each["available"] for each in after.json()["variants"]] == [0, 1]


async def test_variant_is_ordered_with_its_price_and_options(
    shop: HttpShop, admin: Browser
) -> None:
    await admin.put("/products/SHIRT", shirt(variant("S"), variant("M", 2190)))
    await _stock(admin, "SHIRT-M", 4)
    ada = await shop.customer("ada")

    line = (await ada.put("/cart/lines/SHIRT-M", {"quantity": 2})).json()["lines"][0]
    order = (await ada.order("SHIRT-M", 2)).json()

    for each in (line, order["lines"][0]):
        assert (each["name"], each["options"]) == ("Shirt", {"Size": "M"})
        assert (each["unit_price"], each["amount"]) == (eur(2190), eur(4380))
    assert shop.on_hand("SHIRT-M") == 2
    assert shop.on_hand("SHIRT-S") == 0


async def test_order_says_what_was_bought_whatever_becomes_of_the_product(
    shop: HttpShop, admin: Browser
) -> None:
    await admin.put("/products/SHIRT", shirt(variant("S")))
    await _stock(admin, "SHIRT-S", 1)
    ada = await shop.customer("ada")
    order = (await ada.order("SHIRT-S")).json()

    await admin.put("/products/SHIRT", shirt(variant("M"), name="Tee"))
    assert (await admin.delete("/products/SHIRT")).status_code == 204

    assert (await ada.get(f"/orders/{order['id']}")).json() == order
    (stored,) = shop.database.state.orders.rows.values()
    assert (stored.lines[0].product, stored.lines[0].image) == ("SHIRT", None)


async def test_order_of_options_in_a_request_does_not_matter(admin: Browser) -> None:
    options = [{"name": name, "values": ["x"]} for name in ("Size", "Colour")]
    mixed = {"sku": "A", "price": eur(1), "options": {"Colour": "x", "Size": "x"}}

    response = await admin.put("/products/A", shirt(mixed, options=options))

    assert list(response.json()["variants"][0]["options"]) == ["Size", "Colour"]


class TestAVariant:
    async def test_is_shown_with_its_product_and_stock(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
        await _stock(admin, "SHIRT-M", 4)

        shown = await shop.browser().get("/variants/SHIRT-M")

        assert shown.json() == {
            **variant("M"),
            "weight_grams": 0,
            "tax_category": "standard",
            "ships": True,
            "active": True,
            "available": 4,
            "handle": "SHIRT",
            "name": "Shirt",
        }

    async def test_that_is_reduced_has_the_lowest_price_of_thirty_days(
        self, shop: HttpShop, clock: FakeClock
    ) -> None:
        for price in (900, 2500, 1800, 2400):
            admin = await shop.admin(f"root{price}")
            await admin.put("/products/SHIRT", shirt(variant("S", price)))
            clock.advance(timedelta(days=10))
        clock.advance(timedelta(days=5))
        reduced = variant("S", 1900, compare_at_price=eur(2400))
        admin = await shop.admin()

        await admin.put("/products/SHIRT", shirt(reduced))
        await admin.put("/products/SHIRT", shirt(reduced, name="Tee"))

        shown = (await shop.browser().get("/variants/SHIRT-S")).json()
        # 900 ended 35 days before.
        assert shown["lowest_price_30_days"] == eur(1800)
        stored = shop.database.state.price_changes.rows.values()
        amounts = [each.change.price.amount for each in stored]
        assert amounts == [900, 2500, 1800, 2400, 1900]

    async def test_of_a_product_off_sale_or_archived_is_not_found(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
        await admin.put("/products/SHIRT", shirt(variant("S"), active=False))
        for sku in ("SHIRT-S", "SHIRT-M", "NONE"):
            response = await shop.browser().get(f"/variants/{sku}")
            assert_problem(response, 404, "product-not-found", sku=sku)


class TestAVariantThatIsLeftOut:
    async def test_is_archived_with_its_stock_and_comes_back(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
        await _stock(admin, "SHIRT-M", 4)
        ada = await shop.customer("ada")
        await ada.put("/cart/lines/SHIRT-M", {"quantity": 1})

        reduced = (await admin.put("/products/SHIRT", shirt(variant("S")))).json()

        assert (reduced["sku"], reduced["available"]) == ("SHIRT-S", 0)
        cart = (await ada.get("/cart")).json()
        assert [each["problems"] for each in cart["lines"]] == [["not-for-sale"]]
        assert shop.on_hand("SHIRT-M") == 4
        restored = (await admin.put("/products/SHIRT", shirt(variant("M"), variant("S")))).json()
        assert [each["available"] for each in restored["variants"]] == [4, 0]
        assert (await ada.get("/cart")).json()["problems"] == []


class TestAVariantOfAProductThatIsOffSale:
    @pytest.mark.parametrize("archives", [False, True])
    async def test_is_seen_by_admins_alone(
        self, shop: HttpShop, admin: Browser, *, archives: bool
    ) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), active=False))
        if archives:
            await admin.delete("/products/SHIRT")

        seen = await admin.get("/variants/SHIRT-S")
        hidden = await shop.browser().get("/variants/SHIRT-S")

        assert (seen.status_code, seen.json()["handle"]) == (200, "SHIRT")
        assert_problem(hidden, 404, "product-not-found", sku="SHIRT-S")


class TestAnArchivedProduct:
    async def test_is_seen_by_admins_alone_and_not_for_sale(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await shop.add_product("TEA")
        ada = await shop.customer("ada")
        await ada.put("/cart/lines/TEA", {"quantity": 1})

        assert (await admin.delete("/products/TEA")).status_code == 204
        assert (await admin.delete("/products/TEA")).status_code == 204

        assert_problem(await ada.get("/products/TEA"), 404, "product-not-found", sku="TEA")
        assert (await ada.get("/products")).json()["items"] == []
        assert (await admin.get("/products?active=false")).json()["items"] == []
        shown = (await admin.get("/products/TEA")).json()
        # Also inactive: that is what a server of an older release reads.
        assert (shown["archived"], shown["active"]) == (True, False)
        assert (await admin.get("/products?archived=true")).json()["items"] == [shown]
        assert_problem(
            await ada.order("TEA"),
            409,
            "not-for-sale",
            lines=[{"sku": "TEA", "requested": 1, "available": 0}],
            short=[],
        )

    async def test_is_for_sale_again_after_it_is_put(self, shop: HttpShop, admin: Browser) -> None:
        await shop.add_product("TEA")
        await admin.delete("/products/TEA")

        tea = {"name": "Tea", "description": "", "price": eur(500), "active": True}
        response = await admin.put("/products/TEA", tea)

        assert response.status_code == 200
        assert "archived" not in response.json()
        assert (await shop.browser().get("/products/TEA")).json()["available"] == 10

    async def test_must_exist_and_have_the_required_version(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await shop.add_product("TEA")
        with shop.unchanged():
            missing = await admin.delete("/products/NONE")
            stale = await admin.delete("/products/TEA", if_match='"of-before"')
            denied = await shop.browser().delete("/products/TEA")
        assert_problem(missing, 404, "product-not-found", sku="NONE")
        assert_problem(stale, 412, "precondition-failed")
        assert_problem(denied, 401, "not-signed-in")


class TestStockOfAProduct:
    async def test_is_that_of_its_only_variant(self, shop: HttpShop, admin: Browser) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S")))
        body = {"delta": 3, "reason": "Delivery"}

        response = await admin.post("/products/SHIRT/stock", body)

        stock = {"sku": "SHIRT-S", "on_hand": 3, "reserved": 0, "available": 3}
        assert (response.status_code, response.json()) == (201, stock)
        assert shop.on_hand("SHIRT-S") == 3

    async def test_needs_the_sku_if_there_are_several(self, shop: HttpShop, admin: Browser) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
        body = {"delta": 3, "reason": "Delivery"}
        with shop.unchanged():
            several = await admin.post("/products/SHIRT/stock", body)
            missing = await admin.post("/products/NONE/stock", body)
            unknown = await admin.post("/variants/SHIRT/stock", body)
        assert_problem(several, 409, "several-variants", handle="SHIRT")
        assert_problem(missing, 404, "product-not-found", sku="NONE")
        assert_problem(unknown, 404, "product-not-found", sku="SHIRT")


class TestRejectedVariants:
    async def test_sku_of_another_product_is_taken_for_ever(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
        await admin.put("/products/SHIRT", shirt(variant("S")))
        with shop.unchanged():
            for taken in ("S", "M"):
                response = await admin.put("/products/TEE", shirt(variant("L"), variant(taken)))
                assert_problem(response, 409, "sku-taken", sku=f"SHIRT-{taken}")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"variants": [variant("S"), variant("S", sku="B")]}, "/variants/1/options"),
            ({"variants": [variant("S"), variant("M", sku="SHIRT-S")]}, "/variants/1/sku"),
            ({"variants": [variant("XL")]}, "/variants/0/options/Size"),
            ({"variants": [variant("S", options={})]}, "/variants/0/options"),
            (
                {"variants": [variant("S", compare_at_price=eur(1990))]},
                "/variants/0/compare_at_price",
            ),
            ({"variants": [variant("S", barcode="4006381333930")]}, "/variants/0/barcode"),
            ({"variants": [variant("S", tax_category="A")]}, "/variants/0/tax_category"),
            ({"variants": [variant("S", weight_grams=-1)]}, "/variants/0/weight_grams"),
            ({"variants": []}, "/variants"),
            ({"price": eur(1)}, "/price"),
            ({"options": [{"name": "Size", "values": ["S", "s"]}]}, "/options/0/values"),
        ],
    )
    async def test_fault_is_named_and_changes_nothing(
        self, changes: Mapping[str, object], pointer: str, shop: HttpShop, admin: Browser
    ) -> None:
        with shop.unchanged():
            body = {**shirt(variant("S")), **changes}
            assert_invalid(await admin.put("/products/SHIRT", body), pointer)

    async def test_price_alone_does_not_say_which_variant_it_is_for(
        self, shop: HttpShop, admin: Browser
    ) -> None:
        await admin.put("/products/SHIRT", shirt(variant("S"), variant("M")))
        alone = {"name": "Shirt", "description": "", "active": True}
        with shop.unchanged():
            assert_invalid(await admin.put("/products/SHIRT", {**alone, "price": eur(1)}), "/price")
            assert_invalid(await admin.put("/products/TEE", alone), "/price")
