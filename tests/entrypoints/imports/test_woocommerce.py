"""WooCommerce's product export, as it is."""

import pytest

from tests.entrypoints.imports.readings import read, read_sample

TEMPLATE = "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s)"


class TestAnExport:
    """It has rows of simple products, of variable ones and of their variations."""

    def test_is_recognised_by_its_header(self) -> None:
        description = read_sample("woocommerce.csv").description

        assert description is not None
        assert (description.format, description.encoding) == ("woocommerce", "utf-8")

    def test_gathers_variations_by_the_id_or_the_sku_of_their_parent(self) -> None:
        shirt = read_sample("woocommerce.csv").products[0]

        assert shirt.handle == "v-neck-t-shirt-classic"
        assert shirt.option_names == ["Color", "Size"]
        assert shirt.fields == {
            "name": "V-Neck T-Shirt \u2013 classic",
            "description": "Pellentesque habitant morbi.\n\nSecond paragraph with a & b.",
            "active": True,
            "category_paths": [["Clothing", "Tshirts"], ["Sale, all year"]],
            "image_url": "https://shop.example.com/wp-content/uploads/2025/03/vneck-tee-2.jpg",
        }
        blue, green = shirt.variants
        assert (blue.sku, blue.options, blue.stock) == (
            "woo-vneck-tee-blue-l",
            {"Color": "Blue", "Size": "Large"},
            4,
        )
        assert (green.sku, green.options, green.stock) == (
            "v-neck-t-shirt-classic-Green-Small",
            {"Color": "Green", "Size": "Small"},
            None,
        )
        assert blue.fields == {
            "price": 1750,
            "compare_at_price": 2000,
            "ships": True,
            "active": True,
            "tax_category": None,
            "weight_grams": 550,
            "barcode": None,
        }
        # What a variation does not say, it has from its parent.
        assert green.fields["weight_grams"] == 500

    def test_has_simple_products(self) -> None:
        hoodie, album, cap = read_sample("woocommerce.csv").products[1:]

        assert (hoodie.handle, hoodie.option_names) == ("hoodie-with-logo", ())
        assert [(each.sku, each.options, each.stock) for each in hoodie.variants] == [
            ("woo-hoodie-with-logo", {}, 11)
        ]
        assert hoodie.variants[0].fields["price"] == 4500
        assert album.fields["description"] == "Music only."
        assert album.variants[0].fields == {
            "price": 950,
            "compare_at_price": 1500,
            "ships": False,
            "active": True,
            "tax_category": "reduced",
            "weight_grams": None,
            "barcode": None,
        }
        assert (cap.fields["active"], cap.variants[0].fields["tax_category"]) == (False, "exempt")
        assert cap.variants[0].fields["price"] == 1800

    def test_says_what_became_of_its_cells(self) -> None:
        reading = read_sample("woocommerce.csv")

        assert reading.faults == []
        assert reading.remarks == [
            "4: Stock: is empty, so that the stock was left as it is: 0 if the variant is new.",
            "5: Type: grouped products were left out: they have no variants.",
            "6: Type: external products were left out: they have no variants.",
            "7: Sale price: has dates and was left out: the regular price applies.",
            (
                "9: Stock: is counted at the parent, so that the stock was left as it is: 0 if the"
                " variant is new."
            ),
            "9: SKU: is empty; v-neck-t-shirt-classic-Green-Small was made from the handle.",
            "4: SKU: is empty; album was made from the handle.",
        ]

    @pytest.mark.parametrize("sale", ["5.00", "5.01"])
    def test_leaves_out_a_sale_price_that_is_none(self, sale: str) -> None:
        header = TEMPLATE.replace("Regular price", "Sale price,Regular price")
        reading = read(f"{header}\n1,simple,TEA,Tea,{sale},5.00,,,\n")

        ((variant,),) = [each.variants for each in reading.products]
        assert (variant.fields["price"], variant.fields["compare_at_price"]) == (500, None)
        assert reading.remarks == [
            "2: Sale price: is not below the regular price and was left out."
        ]

    def test_may_have_variations_before_their_parent(self) -> None:
        reading = read(
            f"{TEMPLATE}\n2,variation,TEA-S,,5.00,id:1,Size,S\n1,variable,TEA,Tea,,,Size,S\n"
        )

        (tea,) = reading.products
        assert [each.sku for each in tea.variants] == ["TEA-S"]
        assert tea.fields["name"] == "Tea"

    def test_may_have_two_products_with_the_same_name(self) -> None:
        reading = read(f"{TEMPLATE}\n1,simple,A,Tea,5.00,,,\n2,simple,B,Tea,6.00,,,\n")

        first, second = (each.handle for each in reading.products)
        assert first == "tea"
        assert second.startswith("tea-")

    @pytest.mark.parametrize(
        ("column", "cell", "grams"),
        [("Weight (g)", "12.5", 13), ("Weight (lbs)", "1", 454), ("Weight (kg)", "0,25", 250)],
    )
    def test_has_weights_in_the_unit_of_its_header(
        self, column: str, cell: str, grams: int
    ) -> None:
        reading = read(f'{TEMPLATE},{column}\n1,simple,TEA,Tea,5.00,,,,"{cell}"\n')

        (tea,) = reading.products
        assert tea.variants[0].fields["weight_grams"] == grams


class TestAFaultyExport:
    """Each fault is reported by its line and column, in the words of the file."""

    @pytest.mark.parametrize(
        ("rows", "fault"),
        [
            ("1,bundle,TEA,Tea,5.00,,,", "2: Type: must be simple, variable or variation, not"),
            ("1,simple,TEA,,5.00,,,", "2: Name: must be 1 to 200 characters on one line, not ''."),
            ("1,simple,TEA,Tea,,,,", "2: Regular price: must be an amount such as 19.90, not ''."),
            ("2,variation,TEA,,5.00,,Size,S", "2: Parent: must name the parent of the variation"),
            ("2,variation,TEA,,5.00,id:9,Size,S", "2: Parent: must name a product of the file."),
            ("1,simple,A,Tea,5.00,,,\n2,simple,A,Jam,5.00,,,", "3: SKU: duplicate SKU A, first"),
            (
                "1,variable,T,Tea,,,Size,\n2,variation,A,,5,id:1,Size,S\n3,variation,B,,5,T,Size,",
                "4: Attribute 1 value(s): must have a value of Size, since other variations have",
            ),
        ],
    )
    def test_names_line_column_and_rule(self, rows: str, fault: str) -> None:
        (found,) = read(f"{TEMPLATE}\n{rows}\n").faults

        assert found.startswith(fault)

    def test_leaves_out_a_variable_product_without_variations(self) -> None:
        reading = read(f"{TEMPLATE}\n1,variable,TEA,Tea,,,Size,S\n")

        assert (reading.products, reading.faults) == ([], [])
        assert reading.remarks == [
            "2: Parent: has no variants in the file, so that it was left out."
        ]


def test_variation_for_any_value_is_a_variant_without_the_option_and_a_remark() -> None:
    rows = "1,variable,,Shirt,,,Size,\n2,variation,SHIRT,,20.00,id:1,Size,\n"

    reading = read(f"{TEMPLATE}\n{rows}")

    ((variant,),) = [each.variants for each in reading.products]
    assert (variant.sku, variant.options) == ("SHIRT", {})
    assert reading.remarks == [
        "3: Attribute 1 value(s): is for any Size, so that it was left out as an option."
    ]
