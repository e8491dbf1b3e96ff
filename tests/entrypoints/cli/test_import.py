"""Files of products: all of a file is loaded, or nothing of it."""

from pathlib import Path

import pytest

from shop.application.catalogue.bulk_import import ProductRow
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money
from shop.entrypoints.cli.imports.product_csv import ProductCsvRow, read_products
from tests.entrypoints.cli.command_line import CommandLine

EUR = Currency("EUR")
HEADER = "sku,name,description,price,stock"
WHOLE_HEADER = f"{HEADER},active,image_url"

NO_NUMBER = "it is a whole number of at most 15 digits, such as 1990."

BAD_ROWS = [
    ("no spaces,Tea,,500,5", "sku: a SKU has 1 to 64 letters, digits, '.', '-' or '_'."),
    ("TEA,,,500,5", "name: a name has 1 to 200 characters in one line."),
    ("TEA,Tea,,5.00,5", f"price: {NO_NUMBER}"),
    ("TEA,Tea,,-5,5", "price: a price has 1 to 1000000000 minor units."),
    ("TEA,Tea,,500,-5", "stock: 0 to 1000000000 are on hand."),
    ("TEA,Tea,,--5,5", f"price: {NO_NUMBER}"),
    ("TEA,Tea,,\u0665,5", f"price: {NO_NUMBER}"),
    ("TEA,Tea,,0,5", "price: a price has 1 to 1000000000 minor units."),
    ("TEA,Tea,,9999999999999999999,5", f"price: {NO_NUMBER}"),
    ("TEA,Tea,,500,", f"stock: {NO_NUMBER}"),
    ("TEA,Tea,,500,1000000001", "stock: 0 to 1000000000 are on hand."),
    ("TEA,Tea,,500", "row: 5 columns are named and 4 are there."),
    ("TEA,Tea,,500,5,6", "row: 5 columns are named and 6 are there."),
    ('TEA,"Tea,,500,5', "row: unexpected end of data."),
]


def import_text(file: Path, text: str | bytes) -> list[ProductCsvRow]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_products(file, EUR))


def faults_of(row: ProductCsvRow) -> list[str]:
    assert not isinstance(row.content, ProductRow)
    return [str(fault) for fault in row.content]


def test_file_can_be_imported_repeatedly(migrated: CommandLine) -> None:
    (migrated.folder / "spring.csv").write_text(
        f"{HEADER}\nTEA,Tea,Green.,500,5\nCAKE,Cake,,300,0\n"
    )

    first = migrated.output_of("import", "spring.csv")
    second = migrated.output_of("import", "spring.csv")

    assert first == "Products: 2 added, 0 changed, 0 as they were.\n"
    assert second == "Products: 0 added, 0 changed, 2 as they were.\n"
    assert migrated.rows(
        "SELECT sku, name, description, price, currency, active, image_url, on_hand"
        " FROM products JOIN inventories USING (sku) ORDER BY sku"
    ) == [
        ("CAKE", "Cake", "", 300, "EUR", 1, None, 0),
        ("TEA", "Tea", "Green.", 500, "EUR", 1, None, 5),
    ]
    assert migrated.rows("SELECT sku, on_hand_delta, kind FROM stock_movements") == [
        ("TEA", 5, "adjustment")
    ]


def test_changed_row_changes_only_its_product(migrated: CommandLine) -> None:
    file = migrated.folder / "spring.csv"
    file.write_text(f"{HEADER}\nTEA,Tea,,500,5\nCAKE,Cake,,300,4\n")
    migrated.output_of("import", "spring.csv")
    file.write_text(f"{HEADER}\nTEA,Tea,,500,3\nCAKE,Cake,,300,4\nJAM,Jam,,200,1\n")

    output = migrated.output_of("import", "spring.csv")

    assert output == "Products: 1 added, 1 changed, 1 as they were.\n"
    assert migrated.rows(
        "SELECT sku, on_hand_delta FROM stock_movements ORDER BY sku, created_at"
    ) == [
        ("CAKE", 4),
        ("JAM", 1),
        ("TEA", 5),
        ("TEA", -2),
    ]


def test_file_with_invalid_rows_imports_nothing(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text(
        f'{HEADER}\nTEA,Tea,"two\nlines",500,5\nCAKE,Cake,,free,5\nTEA,Tea again,,500,5\n'
    )

    done = migrated.run("import", "bad.csv")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"bad.csv:4: price: {NO_NUMBER}",
        "bad.csv:5: sku: TEA stands in line 2 already.",
        "shop: nothing was loaded: 2 of 3 rows are wrong",
    ]
    assert migrated.rows("SELECT * FROM products") == []


def test_all_errors_of_a_row_are_reported_at_once(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text(
        f"{WHOLE_HEADER}\nTEA,Tea,,500,5,,\nno spaces,,,-5,many,maybe,ftp://x\n"
    )

    done = migrated.run("import", "bad.csv")

    assert done.returncode == 1
    problem, count = done.stderr.splitlines()
    assert problem == (
        "bad.csv:3: sku: a SKU has 1 to 64 letters, digits, '.', '-' or '_'."
        " name: a name has 1 to 200 characters in one line."
        " price: a price has 1 to 1000000000 minor units."
        f" stock: {NO_NUMBER}"
        " active: it is true or false."
        " image_url: a URL begins with https:// and has at most 2000 characters."
    )
    assert count == "shop: nothing was loaded: 1 of 2 rows are wrong"
    assert migrated.rows("SELECT * FROM products") == []


def test_stock_below_the_reserved_quantity_makes_a_row_invalid(migrated: CommandLine) -> None:
    file = migrated.folder / "stock.csv"
    file.write_text(f"{HEADER}\nTEA,Tea,,500,5\n")
    migrated.output_of("import", "stock.csv")
    migrated.rows("UPDATE inventories SET reserved = 3")
    file.write_text(f"{HEADER}\nCAKE,Cake,,300,1\nTEA,Tea,,500,2\n")

    done = migrated.run("import", "stock.csv")

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        "stock.csv:3: TEA: 5 on hand, 3 of them reserved;"
        " stock cannot fall below the reserved quantity."
    )
    assert migrated.rows("SELECT sku, on_hand FROM inventories") == [("TEA", 5)]


def test_many_invalid_rows_are_counted_and_the_first_reported(migrated: CommandLine) -> None:
    rows = "".join(f"SKU-{number},Tea,,free,5\n" for number in range(2500))
    (migrated.folder / "bad.csv").write_text(f"{HEADER}\n{rows}")

    lines = migrated.run("import", "bad.csv").stderr.splitlines()

    assert len(lines) == 21
    assert lines[0].startswith("bad.csv:2: ")
    assert lines[-1] == "shop: nothing was loaded: 2500 of 2500 rows are wrong"


def test_every_column_is_validated(tmp_path: Path) -> None:
    text = f"{WHOLE_HEADER}\n TEA , Tea ,Green.,500,5,no,https://example.com/tea.png\n"

    assert import_text(tmp_path / "products.csv", text) == [
        ProductCsvRow(
            line=2,
            content=ProductRow(
                sku="TEA",
                name="Tea",
                description="Green.",
                price=Money(amount=500, currency=EUR),
                active=False,
                image_url="https://example.com/tea.png",
                on_hand=5,
            ),
        )
    ]


def test_columns_line_ends_and_empty_lines_may_vary(
    tmp_path: Path,
) -> None:
    text = b"\xef\xbb\xbfstock,price,description,name,sku\r\n\r\n5,500,,Tea,TEA\r\n"

    (row,) = import_text(tmp_path / "products.csv", text)

    assert row.line == 3
    assert isinstance(row.content, ProductRow)
    assert (row.content.sku, row.content.on_hand) == ("TEA", 5)


@pytest.mark.parametrize(("row", "rule"), BAD_ROWS)
def test_invalid_row_is_reported_with_its_rule(row: str, rule: str, tmp_path: Path) -> None:
    (parsed,) = import_text(tmp_path / "products.csv", f"{HEADER}\n{row}\n")

    assert parsed.line == 2
    assert faults_of(parsed) == [rule]


def test_undecodable_row_does_not_affect_the_others(tmp_path: Path) -> None:
    text = f"{HEADER}\nTEA,T\xe9,,500,5\nCAKE,Cake,,300,1\n".encode("latin-1")

    bad, good = import_text(tmp_path / "products.csv", text)

    assert bad.content == [InvalidValue(field="row", rule="it is not UTF-8")]
    assert isinstance(good.content, ProductRow)


def test_endless_row_is_not_read_to_its_end(tmp_path: Path) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{HEADER}\nTEA,{'x' * 200_000},,500,5\n")

    assert "field larger than field limit" in faults_of(row)[0]


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("", "header: it lacks sku, name, description, price, stock."),
        ("sku,name,price,stock", "header: it lacks description."),
        (HEADER.replace(",", ";"), "header: columns are separated by ',' here, not by ';'."),
        (f"{HEADER},colour", "header: nothing is known of colour."),
        (f"{HEADER},sku", "header: it names each column once."),
    ],
)
def test_unreadable_header_is_reported(header: str, rule: str, tmp_path: Path) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{header}\nTEA,Tea,,500,5\n")

    assert row.line == 1
    assert faults_of(row) == [rule]


@pytest.mark.parametrize(
    ("cell", "active"), [("", True), ("TRUE", True), ("1", True), ("No", False), ("0", False)]
)
def test_product_is_active_by_default(
    cell: str,
    active: bool,  # noqa: FBT001  It is what is expected.
    tmp_path: Path,
) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{WHOLE_HEADER}\nTEA,Tea,,500,5,{cell},\n")

    assert isinstance(row.content, ProductRow)
    assert row.content.active is active


def test_invalid_boolean_is_rejected(tmp_path: Path) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{WHOLE_HEADER}\nTEA,Tea,,500,5,maybe,\n")

    assert row.content == [InvalidValue(field="active", rule="it is true or false")]


def test_omitted_column_leaves_products_unchanged(migrated: CommandLine) -> None:
    file = migrated.folder / "products.csv"
    file.write_text(
        "sku,name,description,price,stock,active,image_url\n"
        "TEA,Tea,,1,5,false,https://example.com/tea.jpg\n"
    )
    migrated.output_of("import", "products.csv")
    file.write_text("sku,name,description,price,stock\nTEA,Tea,,1,7\n")

    assert migrated.output_of("import", "products.csv").startswith("Products: 0 added, 1 changed")

    assert migrated.rows("SELECT active, image_url FROM products") == [
        (0, "https://example.com/tea.jpg")
    ]
    assert migrated.rows("SELECT on_hand FROM inventories") == [(7,)]
