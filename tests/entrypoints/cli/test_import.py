"""CSV files of products: all of a file is imported, or nothing of it."""

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

    assert first == "Products: 2 added, 0 changed, 0 unchanged.\n"
    assert second == "Products: 0 added, 0 changed, 2 unchanged.\n"
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

    assert output == "Products: 1 added, 1 changed, 1 unchanged.\n"
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
        f"bad.csv:4: {PRICE}, not 'free'.",
        "bad.csv:5: sku: duplicate SKU TEA, first used on line 2.",
        "shop: nothing was imported: 2 of 3 rows are invalid",
    ]
    assert migrated.rows("SELECT * FROM products") == []


@pytest.mark.parametrize("text", ["", "\n", "\r\n \r\n\t\r\n", "\ufeff", ",,,,\n"])
def test_file_without_a_header_is_called_empty(migrated: CommandLine, text: str) -> None:
    (migrated.folder / "spring.csv").write_text(text)

    done = migrated.run("import", "spring.csv")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "spring.csv:1: file: is empty; begin it with a header: sku,name,description,price,stock.",
        "shop: nothing was imported: the header is missing",
    ]
    assert migrated.rows("SELECT * FROM products") == []


@pytest.mark.parametrize("end", ["", "\n", "\n\n \n,,,,\n"])
def test_file_with_nothing_but_a_header_is_an_error(migrated: CommandLine, end: str) -> None:
    (migrated.folder / "spring.csv").write_text(f"{HEADER}\nTEA,Tea,,500,5\n")
    migrated.output_of("import", "spring.csv")
    (migrated.folder / "spring.csv").write_text(f"{HEADER}{end}")

    done = migrated.run("import", "spring.csv")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "shop: nothing was imported: spring.csv has a header but no rows;"
        " add a row for each product\n"
    )
    assert migrated.rows("SELECT sku, on_hand FROM inventories") == [("TEA", 5)]


def test_single_row_is_counted_in_the_singular(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text(f"{HEADER}\nTEA,Tea,,free,5\n")

    done = migrated.run("import", "bad.csv")

    assert done.stderr.splitlines()[-1] == "shop: nothing was imported: 1 of 1 row is invalid"


def test_all_errors_of_a_row_are_reported_at_once(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text(
        f"{WHOLE_HEADER}\nTEA,Tea,,500,5,,\nno spaces,,,-5,many,maybe,ftp://x\n"
    )

    done = migrated.run("import", "bad.csv")

    assert done.returncode == 1
    problem, count = done.stderr.splitlines()
    assert problem == (
        f"bad.csv:3: {SKU}, not 'no spaces'."
        " name: must be 1 to 200 characters on one line, not ''."
        f" {PRICE}, not '-5'."
        f" {STOCK}, not 'many'."
        " active: must be true or false, not 'maybe'."
        " image_url: must be an http or https URL of at most 2000 characters, not 'ftp://x'."
    )
    assert count == "shop: nothing was imported: 1 of 2 rows is invalid"
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
    assert lines[-1] == "shop: nothing was imported: 2500 of 2500 rows are invalid"


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


def test_row_must_also_satisfy_the_domain(tmp_path: Path) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{HEADER}\nTEA,Earl\u2028Grey,,500,5\n")

    (error,) = faults_of(row)
    assert error.startswith("name: ")


def test_undecodable_row_does_not_affect_the_others(tmp_path: Path) -> None:
    text = f"{HEADER}\nTEA,T\xe9,,500,5\nCAKE,Cake,,300,1\n".encode("latin-1")

    bad, good = import_text(tmp_path / "products.csv", text)

    rule = "must be text in UTF-8; in Windows-1252 it would be 'Té': save the file as \"CSV UTF-8\""
    assert bad.content == [InvalidValue(field="name", rule=rule)]
    assert isinstance(good.content, ProductRow)


def test_endless_row_is_not_read_to_its_end(tmp_path: Path) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{HEADER}\nTEA,{'x' * 200_000},,500,5\n")

    assert faults_of(row) == ["row: must have cells of at most 131072 characters."]


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ("", "header: missing columns: sku, name, description, price, stock."),
        ("sku,name,price,stock", "header: missing columns: description."),
        (
            f'"{HEADER}"',
            "header: each row is one cell in quotes; export the columns as cells of their own.",
        ),
        (f"{HEADER},colour", "header: unknown columns: colour."),
        (f"{HEADER},sku", "header: repeated columns: sku."),
        (f'{HEADER},"active', "header: the opening quotation mark is not closed."),
    ],
)
def test_unreadable_header_is_reported(header: str, rule: str, tmp_path: Path) -> None:
    (row,) = import_text(tmp_path / "products.csv", f"{header}\nTEA,Tea,,500,5\n")

    assert row.line == 1
    assert faults_of(row) == [rule]


@pytest.mark.parametrize(
    ("encoding", "rule"),
    [
        (
            "latin-1",
            (
                "header: must be text in UTF-8; in Windows-1252 it would be 'größe': save the file"
                ' as "CSV UTF-8".'
            ),
        ),
        ("utf-16", "header: unknown columns: größe."),
    ],
)
def test_header_is_read_in_its_encoding(encoding: str, rule: str, tmp_path: Path) -> None:
    text = f"{HEADER},größe\nTEA,Tea,,500,5,1\n".encode(encoding)

    (row,) = import_text(tmp_path / "products.csv", text)

    assert row.line == 1
    assert faults_of(row) == [rule]


def test_invalid_header_is_not_counted_as_a_row(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text("sku,name,price,stock\nTEA,Tea,500,5\n")

    done = migrated.run("import", "bad.csv")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "bad.csv:1: header: missing columns: description.",
        "shop: nothing was imported: the header is invalid",
    ]


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

    assert row.content == [InvalidValue(field="active", rule="must be true or false, not 'maybe'")]


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
