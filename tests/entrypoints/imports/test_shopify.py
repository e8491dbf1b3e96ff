"""Shopify's product export, as it is."""

import csv
from io import StringIO

import pytest

from tests.entrypoints.imports.readings import SAMPLES, read, read_sample

TEMPLATE = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price"


class TestAnExport:
    """It has several rows a product, and more columns than the shop knows."""

    def test_is_recognised_by_its_header(self) -> None:
        description = read_sample("shopify.csv").description

        assert description is not None
        assert (description.format, description.encoding) == ("shopify", "utf-8")

    def test_has_variants_and_images_of_one_product_in_several_rows(self) -> None:
        shirt = read_sample("shopify.csv").products[0]

        assert shirt.handle == "linen-shirt"
        assert shirt.option_names == ["Size", "Colour"]
        assert shirt.fields == {
            "name": "Linen Shirt",
            "description": 'Woven from European flax, "stone washed".\n\n'
            "- Relaxed fit\n- Machine wash at 40 °C",
            "active": True,
            "image_url": (
                "https://cdn.shopify.com/s/files/1/0533/2089/files/linen-white.jpg?v=1716300000"
            ),
            "category_paths": [["Shirts"]],
            "seo": ["Linen shirt in two colours", "A linen shirt, woven from European flax."],
        }
        assert [(each.sku, each.options, each.stock) for each in shirt.variants] == [
            ("LS-S-WHT", {"Size": "S", "Colour": "White"}, 12),
            ("LS-M-WHT", {"Size": "M", "Colour": "White"}, 0),
            ("linen-shirt-M-Sea-blue", {"Size": "M", "Colour": "Sea blue"}, 0),
        ]
        assert shirt.variants[0].fields == {
            "price": 4990,
            "compare_at_price": 5990,
            "weight_grams": 180,
            "ships": True,
            "tax_category": None,
            "barcode": "4006381333931",
        }

    def test_has_products_without_options(self) -> None:
        box = read_sample("shopify.csv").products[1]

        assert box.option_names == ()
        assert box.fields["active"] is False
        assert box.fields["description"] == "Three candles.\nOne box."
        (variant,) = box.variants
        assert (variant.sku, variant.options, variant.stock) == ("GIFT-BOX-01", {}, 40)
        assert variant.fields == {
            "price": 125_000,
            "compare_at_price": None,
            "weight_grams": 851,
            "ships": True,
            "tax_category": "exempt",
            "barcode": None,
        }

    def test_leaves_the_stock_alone_that_it_does_not_count(self) -> None:
        pattern = read_sample("shopify.csv").products[2]

        assert pattern.fields["description"] == "For the shirt above.\nSizes XS to XL."
        assert pattern.fields["active"] is False
        assert [(each.sku, each.stock, each.fields["ships"]) for each in pattern.variants] == [
            ("pattern-pdf", None, False)
        ]

    def test_says_what_became_of_its_cells(self) -> None:
        reading = read_sample("shopify.csv")

        assert reading.faults == []
        assert reading.remarks == [
            "8: Variant Inventory Qty: -3 is below 0, so that 0 are on hand.",
            (
                "10: Variant SKU: 'GIFT BOX/01' became 'GIFT-BOX-01': a SKU has letters, digits,"
                " '.', '-' and '_'."
            ),
            "10: Variant Barcode: '12345' is no GTIN and was left out.",
            (
                "11: Variant Inventory Qty: is empty, so that the stock was left as it is: 0 if the"
                " variant is new."
            ),
            "13: Image Src: is no http or https URL and was left out.",
            "13: Handle: 'crème-brûlée' became 'creme-brulee'.",
            "8: Variant SKU: is empty; linen-shirt-M-Sea-blue was made from the handle.",
            "11: Variant SKU: is empty; pattern-pdf was made from the handle.",
        ]

    @pytest.mark.parametrize(
        ("encoding", "separator", "name"),
        [
            ("utf-8-sig", ",", "utf-8"),
            ("utf-8", ";", "utf-8"),
            ("utf-16", "\t", "utf-16"),
            ("utf-16-le", ",", "utf-16-le"),
            ("utf-16-be", "\t", "utf-16-be"),
            ("cp1252", ";", "windows-1252"),
        ],
    )
    def test_means_the_same_however_it_was_saved(
        self, encoding: str, separator: str, name: str
    ) -> None:
        rows = csv.reader((SAMPLES / "shopify.csv").read_text().splitlines(keepends=True))
        saved = StringIO()
        csv.writer(saved, delimiter=separator).writerows(rows)

        reading = read(saved.getvalue().encode(encoding))

        assert reading.description is not None
        assert reading.description.encoding == name
        assert reading.products == read_sample("shopify.csv").products


class TestTheNewerTemplate:
    """It has other names for the same columns."""

    def test_is_read_in_its_own_words(self) -> None:
        reading = read(
            "Title,URL handle,Description,Status,SKU,Option1 name,Option1 value,Price,"
            "Compare-at price,Charge tax,Inventory quantity,Weight value (grams),"
            "Requires shipping,Product image URL\n"
            "Tea,tea,Green.,Active,TEA,,,19.90,29.90,TRUE,5,100,TRUE,https://example.com/t.png\n"
            "Jam,jam,Sweet.,Active,JAM,,,free,,TRUE,5,100,TRUE,\n"
        )

        (tea,) = reading.products
        assert (tea.handle, tea.fields["name"], tea.fields["image_url"]) == (
            "tea",
            "Tea",
            "https://example.com/t.png",
        )
        assert [(each.sku, each.fields["price"]) for each in tea.variants] == [("TEA", 1990)]
        assert reading.faults == ["3: Price: must be an amount such as 19.90, not 'free'."]


class TestAFaultyExport:
    """Each fault is reported by its line and column, in the words of the file."""

    @pytest.mark.parametrize(
        ("rows", "fault"),
        [
            ("tea,Tea,Title,Default Title,TEA,x", "2: Variant Price: must be an amount such as"),
            ("tea,Tea,Title,Default Title,TEA,-1.00", "2: Variant Price: must be 0.01 EUR to"),
            ("tea,Tea,Title,Default Title,TEA,0.00", "2: Variant Price: must be 0.01 EUR to"),
            ("tea,Tea,Title,Default Title,TEA,1.234", "2: Variant Price: must be an amount, not"),
            (",Tea,Title,Default Title,TEA,1.00", "2: Handle: must not be empty."),
            ("tea,,Title,Default Title,TEA,1.00", "2: Title: must not be empty in the first row"),
            ("tea,Tea,Size,S,TEA,1.00\ntea,Tee,,M,TEB,1.00", "3: Title: must be empty or as on"),
            ("tea,Tea,Size,S,TEA,1.00\ntea,,,M,TEA,1.00", "3: Variant SKU: duplicate SKU TEA,"),
            ("tea,Tea,Size,S,TEA,1.00\ntea,,,,TEB,1.00", "3: Option1 Value: must have a value"),
            ("tea,Tea,Size,S,TEA,1.00\ncup,Cup,Size,S,C", "3: row: must have 6 cells as the"),
        ],
    )
    def test_names_line_column_and_rule(self, rows: str, fault: str) -> None:
        (found,) = read(f"{TEMPLATE}\n{rows}\n").faults

        assert found.startswith(fault)

    def test_lacks_a_column(self) -> None:
        reading = read("Handle,Title,Variant SKU,Variant Price\n")
        assert reading.faults == []

        reading = read("URL handle,Title\ntea,Tea\n")
        assert reading.faults == ["1: header: missing columns: price."]

    def test_has_a_column_twice(self) -> None:
        reading = read(f"{TEMPLATE},variant  sku\ntea,Tea,Title,Default Title,TEA,1.00,TEA\n")

        assert reading.faults == ["1: header: repeated columns: Variant SKU, variant  sku."]

    def test_has_two_handles_that_become_one(self) -> None:
        reading = read(
            f"{TEMPLATE}\ntee,Tee,Title,Default Title,A,1.00\ntée,Tée,Title,Default Title,B,1.00\n"
        )

        first, second = (each.handle for each in reading.products)
        assert first == "tee"
        assert second.startswith("tee-")
        assert len(second) == len("tee-12345678")


def test_product_that_has_its_handle_in_the_file_keeps_it() -> None:
    header = "Handle,Title,Variant SKU,Variant Price\n"

    reading = read(header + "tea/x,Green,GREEN,1.00\ntea-x,Black,BLACK,2.00\n")

    black, green = sorted(reading.products, key=lambda each: each.fields["name"])
    assert black.handle == "tea-x"
    assert green.handle == "tea-x-30c36424"
    assert reading.remarks[-1] == (
        "2: Handle: makes the handle tea-x, which another product of the file has, so that it"
        " became tea-x-30c36424."
    )
