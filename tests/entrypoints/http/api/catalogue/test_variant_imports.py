"""Imports of products with variants: from other shops' files, and from the shop's own export."""

import pytest

from tests.entrypoints.http.api.catalogue.test_imports import ended, export_of
from tests.entrypoints.http.clients import Browser, HttpShop, Json
from tests.entrypoints.imports.readings import SAMPLES

pytestmark = pytest.mark.anyio

COLUMNS = "handle,name,description,option1_name,option1_value,sku,price,stock\n"
SHIRT = "shirt,Shirt,Linen.,Size,S,SHIRT-S,4990,5\nshirt,,,,M,SHIRT-M,5290,3\n"
TABLES = ("products", "inventories", "stock_movements", "categories", "product_categories")


@pytest.fixture
async def root(shop: HttpShop) -> Browser:
    return await shop.admin("root")


async def product(browser: Browser, handle: str) -> Json:
    answer = await browser.get(f"/products/{handle}")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


def variants_of(document: Json) -> list[tuple[str, object, int, int]]:
    return [
        (each["sku"], each["options"], each["price"]["amount"], each["available"])
        for each in document["variants"]
    ]


class TestAnExportOfShopify:
    async def test_becomes_products_with_variants(self, shop: HttpShop, root: Browser) -> None:
        done = await ended(shop, root, (SAMPLES / "shopify.csv").read_bytes())

        assert (done["status"], done["added"], done["applied"]) == ("done", 4, 7)
        assert len(done["remarks"]) == 8
        shirt = await product(root, "linen-shirt")
        assert shirt["options"] == [
            {"name": "Size", "values": ["S", "M"]},
            {"name": "Colour", "values": ["White", "Sea blue"]},
        ]
        assert variants_of(shirt) == [
            ("LS-S-WHT", {"Size": "S", "Colour": "White"}, 4990, 12),
            ("LS-M-WHT", {"Size": "M", "Colour": "White"}, 4990, 0),
            ("linen-shirt-M-Sea-blue", {"Size": "M", "Colour": "Sea blue"}, 5200, 0),
        ]
        first = shirt["variants"][0]
        assert (first["compare_at_price"]["amount"], first["weight_grams"]) == (5990, 180)
        assert (first["barcode"], first["ships"]) == ("4006381333931", True)
        assert shirt["seo"] == {
            "title": "Linen shirt in two colours",
            "description": "A linen shirt, woven from European flax.",
        }

    async def test_is_exported_and_imported_again_without_a_change(
        self, shop: HttpShop, root: Browser
    ) -> None:
        for name in ("shopify.csv", "woocommerce.csv"):
            assert (await ended(shop, root, (SAMPLES / name).read_bytes()))["status"] == "done"
        before = shop.database.state

        exported = await export_of(root)
        done = await ended(shop, root, exported)

        assert (done["added"], done["changed"], done["unchanged"]) == (0, 0, 8)
        assert (done["errors"], done["remarks"]) == ([], [])
        for name in TABLES:
            assert getattr(shop.database.state, name).rows == getattr(before, name).rows
        assert await export_of(root) == exported

    async def test_changes_nothing_if_it_is_imported_twice(
        self, shop: HttpShop, root: Browser
    ) -> None:
        content = (SAMPLES / "woocommerce.csv").read_bytes()
        await ended(shop, root, content)

        done = await ended(shop, root, content)

        assert (done["added"], done["changed"], done["unchanged"]) == (0, 0, 4)


class TestAnExistingProduct:
    async def test_keeps_the_variants_that_the_file_does_not_name(
        self, shop: HttpShop, root: Browser
    ) -> None:
        await ended(shop, root, COLUMNS + SHIRT)

        done = await ended(shop, root, f"{COLUMNS}shirt,Shirt,,Size,L,SHIRT-L,5490,1\n")

        assert (done["added"], done["changed"]) == (0, 1)
        shirt = await product(root, "shirt")
        assert shirt["options"] == [{"name": "Size", "values": ["S", "M", "L"]}]
        assert variants_of(shirt) == [
            ("SHIRT-S", {"Size": "S"}, 4990, 5),
            ("SHIRT-M", {"Size": "M"}, 5290, 3),
            ("SHIRT-L", {"Size": "L"}, 5490, 1),
        ]

    async def test_keeps_the_spaces_around_its_texts(self, shop: HttpShop, root: Browser) -> None:
        await shop.add_product("TEA", name=" Tea ", description="Green.\n")
        before = shop.database.state.products.rows

        done = await ended(shop, root, await export_of(root))

        assert (done["added"], done["changed"], done["unchanged"]) == (0, 0, 1)
        assert shop.database.state.products.rows == before

    async def test_comes_back_if_it_was_archived(self, shop: HttpShop, root: Browser) -> None:
        await ended(shop, root, COLUMNS + SHIRT)
        assert (await root.delete("/products/shirt")).status_code == 204

        done = await ended(shop, root, COLUMNS + SHIRT)

        assert (done["added"], done["changed"]) == (0, 1)
        assert len((await product(root, "shirt"))["variants"]) == 2

    @pytest.mark.parametrize(
        ("rows", "fault"),
        [
            (
                "cap,Cap,,,,SHIRT-S,1990,1\n",
                (2, "sku", "SHIRT-S belongs to the product shirt."),
            ),
            (
                "shirt,Shirt,,Colour,White,SHIRT-W,4990,1\n",
                (2, "option1_value", "must be those of the product: Colour."),
            ),
            (
                "shirt,Shirt,,Size,M,SHIRT-M2,4990,1\n",
                (2, "option1_value", "must differ from those of the other variants."),
            ),
            (
                "cap,Cap,,,,CAP-1,1990,1\ncap,,,,,CAP-2,1990,1\n",
                (3, "option1_value", "must differ from those of the other variants."),
            ),
        ],
    )
    async def test_rejects_what_does_not_fit_and_changes_nothing(
        self, shop: HttpShop, root: Browser, rows: str, fault: tuple[int, str, str]
    ) -> None:
        await ended(shop, root, COLUMNS + SHIRT)
        before = shop.database.state

        done = await ended(shop, root, COLUMNS + rows)

        assert done["status"] == "failed"
        line, column, detail = fault
        assert done["errors"] == [{"line": line, "column": column, "detail": detail}]
        for name in TABLES:
            assert getattr(shop.database.state, name).rows == getattr(before, name).rows


class TestTextsAboutSafetyAndForSearchEngines:
    FILE = (
        "sku,name,description,price,stock,seo_title,seo_description,safety_manufacturer,"
        "safety_address,safety_contact,safety_warnings\n"
        'TEA,Tea,,500,1,Ceylon tea,,Teekontor,"Kai 1\nHamburg",a@example.com,Hot.\n'
        "CUP,Cup,,500,1,,,,,,\n"
    )

    async def test_are_imported_and_exported(self, shop: HttpShop, root: Browser) -> None:
        assert (await ended(shop, root, self.FILE.encode()))["status"] == "done"

        tea, cup = await product(root, "TEA"), await product(root, "CUP")
        assert tea["seo"] == {"title": "Ceylon tea", "description": ""}
        assert tea["safety"] == {
            "manufacturer": "Teekontor",
            "address": "Kai 1\nHamburg",
            "contact": "a@example.com",
            "warnings": "Hot.",
        }
        assert "safety" not in cup
        again = await ended(shop, root, await export_of(root))
        assert (again["unchanged"], again["errors"], again["remarks"]) == (2, [], [])

    async def test_stay_without_their_columns_and_go_with_empty_cells(
        self, shop: HttpShop, root: Browser
    ) -> None:
        await ended(shop, root, self.FILE.encode())
        before = await product(root, "TEA")
        await ended(shop, root, b"sku,name,description,price,stock\nTEA,Tea,,500,1\n")
        assert await product(root, "TEA") == before

        header = self.FILE.partition("\n")[0]
        await ended(shop, root, f"{header}\nTEA,Tea,,500,1,,,,,,\n".encode())
        without = await product(root, "TEA")
        assert without["seo"] == {"title": "Tea", "description": ""}
        assert "safety" not in without

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            ("A,A,,500,1," + "t" * 71 + ",,,,,", "seo_title"),
            ("A,A,,500,1,,,Maker,,a@example.com,", "safety_address"),
            ("A,A,,500,1,,,,,,Hot.", "safety_manufacturer"),
            ("export,A,,500,1,,,,,,", "handle"),
        ],
    )
    async def test_are_said_if_they_do_not_fit(
        self, shop: HttpShop, root: Browser, row: str, column: str
    ) -> None:
        header = self.FILE.partition("\n")[0]
        before = shop.database.state.products
        failed = await ended(shop, root, f"{header}\n{row}\n".encode())
        assert failed["status"] == "failed"
        assert [each["column"] for each in failed["errors"]] == [column]
        assert shop.database.state.products is before
