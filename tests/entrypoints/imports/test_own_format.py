"""The shop's own format: one row for each variant, prices in minor units."""

import pytest

from tests.entrypoints.imports.readings import Reading, read

HEADER = "sku,name,description,price,stock"
WHOLE_HEADER = (
    "handle,name,description,active,categories,option1_name,option1_value,option2_name,"
    "option2_value,option3_name,option3_value,sku,price,currency,compare_at_price,weight_grams,"
    "tax_category,barcode,ships,variant_active,stock,image_url"
)

SKU = "sku: must be 1 to 64 letters, digits, '.', '-' or '_'"
PRICE = "price: must be 1 to 1000000000 minor units, such as 1990"
STOCK = "stock: must be a number from 0 to 1000000000"

BAD_ROWS = [
    ("no spaces,Tea,,500,5", f"{SKU}, not 'no spaces'."),
    (f"{'A' * 65},Tea,,500,5", f"{SKU}, not 'AAAAAAAAAAAA...AAAAAAAAAAAAA'."),
    (",Tea,,500,5", f"{SKU}, not ''."),
    ("TEA,,,500,5", "name: must be 1 to 200 characters on one line, not ''."),
    (
        'TEA,"Earl\nGrey",,500,5',
        "name: must not contain U+000A LINE FEED.",
    ),
    ("TEA,Tea,\x07,500,5", "description: must not contain U+0007 (a control character)."),
    ("TEA,Tea,,5.00,5", f"{PRICE}, not '5.00'; write 500 for 5.00."),
    ("TEA,Tea,,-5,5", f"{PRICE}, not '-5'."),
    ("TEA,Tea,,500,-5", f"{STOCK}, not '-5'."),
    ("TEA,Tea,,--5,5", f"{PRICE}, not '--5'."),
    ("TEA,Tea,,+5,5", f"{PRICE}, not '+5'."),
    ("TEA,Tea,,1_000,5", f"{PRICE}, not '1_000'."),
    ("TEA,Tea,,\u0665,5", f"{PRICE}, not '\u0665'."),
    ("TEA,Tea,,0,5", f"{PRICE}, not '0'."),
    ("TEA,Tea,,9999999999999999999,5", f"{PRICE}, not '9999999999999999999'."),
    ("TEA,Tea,,500,", f"{STOCK}, not ''."),
    ("TEA,Tea,,500,1000000001", f"{STOCK}, not '1000000001'."),
    ("TEA,Tea,,500", "row: must have 5 cells as the header has, not 4."),
    (
        "TEA,Tea,,500,5,6",
        "row: must have 5 cells as the header has, not 6; put a cell that contains ',' in quotes.",
    ),
    ('TEA,"Tea,,500,5', "name: the opening quotation mark is not closed."),
]


def faults_of_row(row: str) -> list[str]:
    return [each.removeprefix("2: ") for each in read(f"{HEADER}\n{row}\n").faults]


@pytest.mark.parametrize(("row", "rule"), BAD_ROWS)
def test_invalid_row_is_reported_with_its_rule(row: str, rule: str) -> None:
    assert faults_of_row(row) == [rule]


def test_row_must_also_satisfy_the_domain() -> None:
    (error,) = faults_of_row("TEA,Earl\u2028Grey,,500,5")

    assert error == "name: must not contain U+2028 LINE SEPARATOR."


def test_file_needs_five_columns_alone() -> None:
    (tea,) = read(f"{HEADER}\nTEA, Tea ,Green.,500,5\n").products

    assert (tea.line, tea.handle, tea.option_names) == (2, "TEA", None)
    assert tea.fields == {"name": "Tea", "description": "Green."}
    (variant,) = tea.variants
    assert (variant.sku, variant.options, variant.stock) == ("TEA", None, 5)
    assert variant.fields == {"price": 500}


def test_every_column_is_read() -> None:
    reading = read(
        f"{WHOLE_HEADER}\n"
        'shirt,Shirt,Linen.,no,"shirts, summer",Size,S,Colour,White,,,SHIRT-S,4990,EUR,5990,180,'
        "reduced,4006381333931,true,false,5,https://example.com/shirt.png\n"
    )

    assert reading.faults == []
    (shirt,) = reading.products
    assert (shirt.handle, shirt.option_names) == ("shirt", ["Size", "Colour"])
    assert shirt.fields == {
        "name": "Shirt",
        "description": "Linen.",
        "active": False,
        "categories": ["shirts", "summer"],
        "image_url": "https://example.com/shirt.png",
    }
    (variant,) = shirt.variants
    assert (variant.sku, variant.options, variant.stock) == (
        "SHIRT-S",
        {"Size": "S", "Colour": "White"},
        5,
    )
    assert variant.fields == {
        "price": 4990,
        "currency": "EUR",
        "compare_at_price": 5990,
        "weight_grams": 180,
        "tax_category": "reduced",
        "barcode": "4006381333931",
        "ships": True,
        "active": False,
    }


def test_columns_line_ends_and_empty_lines_may_vary() -> None:
    reading = read(b"\xef\xbb\xbfstock,price,description,name,sku\r\n\r\n5,500,,Tea,TEA\r\n")

    (tea,) = reading.products
    assert [(each.line, each.sku, each.stock) for each in tea.variants] == [(3, "TEA", 5)]


@pytest.mark.parametrize(
    ("cell", "active"),
    [("", None), ("TRUE", True), ("1", True), ("Yes", True), ("No", False), ("0", False)],
)
def test_boolean_may_be_written_in_three_ways(cell: str, *, active: bool | None) -> None:
    (tea,) = read(f"{HEADER},active\nTEA,Tea,,500,5,{cell}\n").products

    assert tea.fields["active"] is active


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("active", "maybe", "must be true or false, not 'maybe'"),
        ("ships", "2", "must be true or false, not '2'"),
        (
            "image_url",
            "ftp://x",
            "must be an http or https URL of at most 2000 characters, not 'ftp://x'",
        ),
        ("weight_grams", "heavy", "must be a weight in g, such as 0.25, not 'heavy'"),
        ("weight_grams", "1000001", "must be at most 1000000 g, not '1000001'"),
        ("compare_at_price", "59.90", "must be 1 to 1000000000 minor units, such as 1990, not"),
    ],
)
def test_optional_cell_must_be_valid(column: str, cell: str, rule: str) -> None:
    (fault,) = read(f"{HEADER},{column}\nTEA,Tea,,500,5,{cell}\n").faults

    assert fault.startswith(f"2: {column}: {rule}")


def test_all_faults_of_a_row_are_reported_in_the_order_of_its_columns() -> None:
    reading: Reading = read(f"stock,{HEADER.removesuffix(',stock')},active\nx,a b,,,-5,maybe\n")

    assert [each.split(": ")[1] for each in reading.faults] == [
        "stock",
        "sku",
        "name",
        "price",
        "active",
    ]
