"""CSV files as spreadsheets write them: read, or rejected with the true reason."""

from pathlib import Path

import pytest

from shop.application.catalogue.bulk_import import ProductRow
from shop.domain.shared.money import Currency
from shop.entrypoints.cli.imports import csv_rows
from shop.entrypoints.cli.imports.product_csv import read_products
from tests.entrypoints.cli.command_line import CommandLine

HEADER = "sku,name,description,price,stock"
PRICE = "price: must be 1 to 1000000000 minor units, such as 1990, not"
STOCK = "stock: must be a number from 0 to 1000000000, not"
AMBIGUOUS = (
    "it is ambiguous, because the separator can mark thousands or decimals: write the minor units "
    "in digits alone."
)
SAVE_AS = 'open it in a spreadsheet program and save it as "CSV UTF-8 (comma delimited)".'

Read = dict[int, object]


def read(folder: Path, content: bytes | str, currency: str = "EUR") -> Read:
    """Return what each line is: the product's SKU, price and stock, or its faults."""
    file = folder / "products.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return {
        row.line: (row.content.sku, row.content.price.amount, row.content.on_hand)
        if isinstance(row.content, ProductRow)
        else [str(fault) for fault in row.content]
        for row in read_products(file, Currency(currency))
    }


TEA = ("TEA", 500, 5)
TABS = "sku\tname\tdescription\tprice\tstock\r\nTEA\tTé\t\t500\t5\r\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"{HEADER},,\nTEA,Tea,,500,5,,\n", {2: TEA}),
        (f"{HEADER}\nTEA,Tea,,500,5,,,\n", {2: TEA}),
        (f"{HEADER}\n,,,,\n \nTEA,Tea,,500,5\n,,,,,,\n", {4: TEA}),
        (" SKU ,Name,DESCRIPTION,Price,Stock,Image URL\nTEA,Tea,,500,5,\n", {2: TEA}),
        ('"sku";"name";"description";"price";"stock"\nTEA;"a; b, c";;500;5\n', {2: TEA}),
        (f'{HEADER}\nTEA,"Tea; green",or\tblack,500,5\n', {2: TEA}),
        ("sep=;\r\nsku;name;description;price;stock\r\nTEA;Tea;;500;5\r\n", {3: TEA}),
        (f'"sep=,"\n{HEADER}\nTEA,Tea,,500,5\n', {3: TEA}),
        (f"{HEADER}\rTEA,Tea,,500,5\rTEA,Tea,,500,5\r", {2: TEA, 3: TEA}),
        (TABS, {2: TEA}),
        (TABS.encode("utf-16"), {2: TEA}),
        (b"\xfe\xff" + TABS.encode("utf-16-be"), {2: TEA}),
        (TABS.encode("utf-32"), {2: TEA}),
    ],
)
def test_file_of_a_spreadsheet_is_read(
    content: bytes | str, expected: Read, tmp_path: Path
) -> None:
    assert read(tmp_path, content) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b"PK\x03\x04\x14\x00\x06\x00",
            "is an Excel workbook (.xlsx), an OpenDocument file or another ZIP archive, not CSV; ",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook (.xls), not CSV; "),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "is an HTML or XML document, not CSV; "),
        (b'{"sku": "TEA"}', "is a JSON document, not CSV; "),
    ],
)
def test_other_format_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    assert read(tmp_path, content) == {1: [f"file: {reason}{SAVE_AS}"]}


def test_utf_16_is_read_only_with_its_mark_and_as_far_as_it_is_valid(tmp_path: Path) -> None:
    unmarked = (
        "file: contains NUL bytes: it is UTF-16 without a byte order mark, or no text; save it as "
        '"CSV UTF-8".'
    )
    assert read(tmp_path, TABS.encode("utf-16-le")) == {1: [unmarked]}
    broken = 'file: is not valid UTF-16 from here on; save it as "CSV UTF-8".'
    assert read(tmp_path, TABS.encode("utf-16") + b"x") == {2: TEA, 3: [broken]}


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("19,90", "write 1990 for 19,90."),
        ("19.9", "write 1990 for 19.9."),
        ("1.234", AMBIGUOUS),
        ("1,234", AMBIGUOUS),
        ("1\u00a0234\u00a0567", AMBIGUOUS),
        ("1\u2019234", AMBIGUOUS),
        ("1.234,56", "write it without separators and decimals."),
        ("€ 19.90", "write it without a currency."),
        ("1990 EUR", "write it without a currency."),
        ("$5", "write it without a currency."),
        ("1,99E+05", "digits are lost in this notation: format the column as a whole number."),
    ],
)
def test_price_that_is_not_in_digits_is_rejected_with_the_reason(
    cell: str, hint: str, tmp_path: Path
) -> None:
    assert read(tmp_path, f'{HEADER}\nTEA,Tea,,"{cell}",5\n') == {2: [f"{PRICE} {cell!r}; {hint}"]}


def test_no_amount_is_proposed_for_a_currency_without_hundredths(tmp_path: Path) -> None:
    faults = read(tmp_path, f"{HEADER}\nTEA,Tea,,19.90,5\n", "JPY")
    assert faults == {2: [f"{PRICE} '19.90'; write it without decimals."]}


@pytest.mark.parametrize(
    ("cell", "hint"),
    [
        ("5.0", "write it without decimals."),
        ("1.234,5", "write it without decimals."),
        ("1.000", "write it without separators, because they could be decimals."),
        ("1E+05", "digits are lost in this notation: format the column as a whole number."),
    ],
)
def test_stock_that_is_not_in_digits_is_rejected_with_the_reason(
    cell: str, hint: str, tmp_path: Path
) -> None:
    assert read(tmp_path, f'{HEADER}\nTEA,Tea,,500,"{cell}"\n') == {
        2: [f"{STOCK} {cell!r}; {hint}"]
    }


def test_invisible_character_is_named(tmp_path: Path) -> None:
    assert read(tmp_path, f"{HEADER}\nTEA,Te\0a,Earl\u2028Grey,500,5\n") == {
        2: [
            "name: must not contain U+0000 NULL.",
            "description: must not contain U+2028 LINE SEPARATOR.",
        ]
    }


class TestOneFault:
    """It hides no other fault."""

    def test_cell_that_is_not_utf_8_hides_no_other_cell(self, tmp_path: Path) -> None:
        content = f"{HEADER}\nTEA,T\xe9,\xfc,x,5\nTEA,Tea,,500,5\n".encode("cp1252")
        assert read(tmp_path, content) == {
            2: [
                *(
                    f"{column}: must be text in UTF-8; in Windows-1252 it would be {text!r}: save "
                    'the file as "CSV UTF-8".'
                    for column, text in (("name", "Té"), ("description", "ü"))
                ),
                f"{PRICE} 'x'.",
            ],
            3: TEA,
        }

    def test_quotation_mark_hides_no_other_row(self, tmp_path: Path) -> None:
        rows = 'TEA,"Tea,,500,5\nCAKE,Cake,,x,5\nJAM,"Ja"m,,1,5\n"POT,Pot,,1,5\nTEA,"Tea",,500,5\n'
        not_closed = "the opening quotation mark is not closed."
        assert read(tmp_path, f"{HEADER}\n{rows}") == {
            2: [f"name: {not_closed}"],
            3: [f"{PRICE} 'x'."],
            4: ['row: a quotation mark inside a cell must be doubled: "".'],
            5: [f"sku: {not_closed}"],
            6: TEA,
        }

    def test_endless_quotation_marks_are_not_reported_endlessly(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(csv_rows, "MAX_QUOTATION_FAULTS", 3)
        assert list(read(tmp_path, f"{HEADER}\n" + 'TEA,"Te"a,,1,5\n' * 9)) == [2, 3, 4]

    def test_all_faults_of_a_header_are_reported(self, tmp_path: Path) -> None:
        header = "sku,Price (EUR),name,Name,,Gr\xf6\xdfe\n".encode("cp1252")
        assert read(tmp_path, header + b"TEA,1,Tea,Tea,,\n") == {
            1: [
                "header: missing columns: description, price, stock.",
                "header: unknown columns: Price (EUR), (column 5 has no name).",
                "header: repeated columns: name.",
                (
                    "header: must be text in UTF-8; in Windows-1252 it would be 'Größe': save the "
                    'file as "CSV UTF-8".'
                ),
            ]
        }

    def test_invalid_row_does_not_hide_its_duplicate_sku(self, migrated: CommandLine) -> None:
        (migrated.folder / "bad.csv").write_text(
            f"{HEADER}\nTEA,Tea,,free,5\nTEA,,,500,5\nTEA,Tea,,500,5\n"
        )

        done = migrated.run("import", "bad.csv")

        assert done.stderr.splitlines() == [
            f"bad.csv:2: {PRICE} 'free'.",
            (
                "bad.csv:3: name: must be 1 to 200 characters on one line, not ''."
                " sku: duplicate SKU TEA, first used on line 2."
            ),
            "bad.csv:4: sku: duplicate SKU TEA, first used on line 2.",
            "shop: nothing was imported: 3 of 3 rows are invalid",
        ]


def test_workbook_is_rejected_by_the_command(migrated: CommandLine) -> None:
    (migrated.folder / "products.xlsx").write_bytes(b"PK\x03\x04" + bytes(range(256)))

    done = migrated.run("import", "products.xlsx")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0].startswith("products.xlsx:1: file: is an Excel workbook")
