"""CSV files of products: all of a file is imported, or nothing of it."""

import pytest

from tests.entrypoints.cli.command_line import CommandLine

HEADER = "sku,name,description,price,stock"
WHOLE_HEADER = f"{HEADER},active,image_url"

SKU = "sku: must be 1 to 64 letters, digits, '.', '-' or '_'"
PRICE = "price: must be 1 to 1000000000 minor units, such as 1990"
STOCK = "stock: must be a number from 0 to 1000000000"


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
        "stock.csv:3: stock: TEA: 5 on hand, 3 of them reserved;"
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


def test_invalid_header_is_not_counted_as_a_row(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text("sku,name,price,stock\nTEA,Tea,500,5\n")

    done = migrated.run("import", "bad.csv")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "bad.csv:1: header: missing columns: description.",
        "shop: nothing was imported: the header is invalid",
    ]


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


def test_invalid_row_does_not_hide_its_duplicate_sku(migrated: CommandLine) -> None:
    (migrated.folder / "bad.csv").write_text(
        f"{HEADER}\nTEA,Tea,,free,5\nTEA,,,500,5\nTEA,Tea,,500,5\n"
    )

    done = migrated.run("import", "bad.csv")

    assert done.stderr.splitlines() == [
        f"bad.csv:2: {PRICE}, not 'free'.",
        (
            "bad.csv:3: name: must be 1 to 200 characters on one line, not ''."
            " sku: duplicate SKU TEA, first used on line 2."
        ),
        "bad.csv:4: sku: duplicate SKU TEA, first used on line 2.",
        "shop: nothing was imported: 3 of 3 rows are invalid",
    ]


class TestADryRun:
    def test_counts_what_would_change_and_changes_nothing(self, migrated: CommandLine) -> None:
        (migrated.folder / "spring.csv").write_text(f"{HEADER}\nTEA,Tea,,500,5\n")

        output = migrated.output_of("import", "spring.csv", "--dry-run")

        assert output == "Products: 1 would be added, 0 changed, 0 unchanged.\n"
        assert migrated.rows("SELECT * FROM products") == []

    def test_reports_what_is_wrong(self, migrated: CommandLine) -> None:
        (migrated.folder / "bad.csv").write_text(f"{HEADER}\nTEA,Tea,,free,5\n")

        done = migrated.run("import", "bad.csv", "--dry-run")

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[0] == f"bad.csv:2: {PRICE}, not 'free'."


class TestAnExportOfAnotherShop:
    def test_is_imported_with_remarks(self, migrated: CommandLine) -> None:
        (migrated.folder / "woo.csv").write_bytes(
            "ID,Type,SKU,Name,Regular price,Sale price,Date sale price ends,Stock,Categories\n"
            '1,simple,,Thé,"19,90","9,90",2026-12-01,3,Drinks > Tea\n'.encode("cp1252")
        )

        done = migrated.run("import", "woo.csv")

        assert (done.returncode, done.stdout.splitlines()) == (
            0,
            [
                "Format: woocommerce; encoding: windows-1252.",
                "Products: 1 added, 0 changed, 0 unchanged.",
            ],
        )
        assert done.stderr.splitlines() == [
            (
                "woo.csv:2: Sale price: has dates and was left out: the regular price applies."
                " SKU: is empty; the was made from the handle."
            )
        ]
        assert migrated.rows("SELECT sku, name, price FROM products") == [("the", "Thé", 1990)]
        assert migrated.rows("SELECT slug, name, parent FROM categories ORDER BY slug") == [
            ("drinks", "Drinks", None),
            ("tea", "Tea", "drinks"),
        ]
        assert migrated.rows("SELECT * FROM product_categories") == [("the", "tea")]


class TestAnExport:
    def test_is_imported_again_and_changes_nothing(self, migrated: CommandLine) -> None:
        (migrated.folder / "spring.csv").write_text(
            f'{HEADER},active\nTEA,"Tea, ""green""","Two\nlines",500,5,no\nCAKE,Cake,,300,0,\n'
        )
        migrated.output_of("import", "spring.csv")

        exported = migrated.output_of("export", "all.csv")
        again = migrated.output_of("import", "all.csv")

        assert exported == "Products: 2 exported to all.csv.\n"
        assert again == "Products: 0 added, 0 changed, 2 unchanged.\n"
        assert not (migrated.folder / "all.csv.part").exists()

    def test_replaces_its_file(self, migrated: CommandLine) -> None:
        (migrated.folder / "all.csv").write_text("before")

        migrated.output_of("export", "all.csv")

        assert (migrated.folder / "all.csv").read_text().startswith("handle,name,")

    def test_reports_a_folder_that_is_missing(self, migrated: CommandLine) -> None:
        done = migrated.run("export", "missing/all.csv")

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == "shop: cannot write missing/all.csv: No such file or directory\n"
