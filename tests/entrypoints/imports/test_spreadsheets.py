"""CSV files as spreadsheets write them: read, or rejected with the true reason."""

import pytest

from tests.entrypoints.imports import readings

HEADER = "sku,name,description,price,stock"
PRICE = "price: must be 1 to 1000000000 minor units, such as 1990, not"
STOCK = "stock: must be a number from 0 to 1000000000, not"
AMBIGUOUS = (
    "it is ambiguous, because the separator can mark thousands or decimals: write the minor units "
    "in digits alone."
)
SAVE_AS = 'open it in a spreadsheet program and save it as "CSV UTF-8 (comma delimited)".'

Read = dict[int, object]


def read(content: bytes | str, currency: str = "EUR") -> Read:
    """Return what each line is: the product's SKU, price and stock, or its faults."""
    reading = readings.read(content, currency)
    found: Read = {
        row.line: (row.sku, row.fields["price"], row.stock)
        for product in reading.products
        for row in product.variants
    }
    for fault in reading.faults:
        line, _, text = fault.partition(": ")
        faults = found.setdefault(int(line), [])
        assert isinstance(faults, list)
        faults.append(text)
    return dict(sorted(found.items()))


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
        (f"{HEADER}\rTEA,Tea,,500,5\rJAM,Jam,,500,5\r", {2: TEA, 3: ("JAM", 500, 5)}),
        (TABS, {2: TEA}),
        (TABS.encode("utf-16"), {2: TEA}),
        (b"\xfe\xff" + TABS.encode("utf-16-be"), {2: TEA}),
        (TABS.encode("utf-32"), {2: TEA}),
    ],
)
def test_file_of_a_spreadsheet_is_read(content: bytes | str, expected: Read) -> None:
    assert read(content) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook (.xls), not CSV; "),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>", "is an HTML or XML document, not CSV; "),
        (b'{"sku": "TEA"}', "is a JSON document, not CSV; "),
    ],
)
def test_other_format_is_named(content: bytes, reason: str) -> None:
    assert read(content) == {1: [f"file: {reason}{SAVE_AS}"]}


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
def test_price_that_is_not_in_digits_is_rejected_with_the_reason(cell: str, hint: str) -> None:
    assert read(f'{HEADER}\nTEA,Tea,,"{cell}",5\n') == {2: [f"{PRICE} {cell!r}; {hint}"]}


def test_no_amount_is_proposed_for_thousands_of_digits() -> None:
    digits = "9" * 5000
    found = read(f"{HEADER}\nTEA,Tea,,{digits}.90,5\n")
    assert found == {2: [f"{PRICE} '{digits[:12]}...{digits[:10]}.90'."]}


def test_no_amount_is_proposed_for_a_currency_without_hundredths() -> None:
    faults = read(f"{HEADER}\nTEA,Tea,,19.90,5\n", "JPY")
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
def test_stock_that_is_not_in_digits_is_rejected_with_the_reason(cell: str, hint: str) -> None:
    assert read(f'{HEADER}\nTEA,Tea,,500,"{cell}"\n') == {2: [f"{STOCK} {cell!r}; {hint}"]}


def test_invisible_character_is_named() -> None:
    assert read(f"{HEADER}\nTEA,Te\0a,Earl\u2028Grey,500,5\n") == {
        2: [
            "name: must not contain U+0000 NULL.",
            "description: must not contain U+2028 LINE SEPARATOR.",
        ]
    }


class TestOneFault:
    """It hides no other fault."""

    def test_quotation_mark_hides_no_other_row(self) -> None:
        rows = 'TEA,"Tea,,500,5\nCAKE,Cake,,x,5\nJAM,"Ja"m,,1,5\n"POT,Pot,,1,5\nTEA,"Tea",,500,5\n'
        not_closed = "the opening quotation mark is not closed."
        assert read(f"{HEADER}\n{rows}") == {
            2: [f"name: {not_closed}"],
            3: [f"{PRICE} 'x'."],
            4: ['row: a quotation mark inside a cell must be doubled: "".'],
            5: [f"sku: {not_closed}"],
            6: TEA,
        }

    def test_all_faults_of_a_header_are_reported(self) -> None:
        header = "sku,Price (EUR),name,Name,,Größe é".encode() + b",Gr\xf6\xdfe\n"
        assert read(header + b"TEA,1,Tea,Tea,,,\n") == {
            1: [
                "header: missing columns: description, price, stock.",
                "header: unknown columns: Price (EUR), (column 5 has no name), Größe é.",
                "header: repeated columns: name.",
                (
                    "header: must be text in UTF-8; in Windows-1252 it would be 'Größe': save the "
                    'file as "CSV UTF-8".'
                ),
            ]
        }
