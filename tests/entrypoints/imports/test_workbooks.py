"""Excel workbooks: the first sheet is read as if it were a CSV file."""

from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from shop.entrypoints.imports import xlsx_rows
from shop.entrypoints.imports.sheet_rows import SheetRow
from tests.entrypoints.imports.readings import Reading, read
from tests.entrypoints.imports.workbooks import Cell, Formula, workbook

HEADER: list[Cell] = ["sku", "name", "description", "price", "stock"]
TEA: list[Cell] = ["TEA", "Tea", "Green.", 500, 5]


def skus_and_prices(reading: Reading) -> list[tuple[str, int, int | None]]:
    assert reading.faults == []
    return [
        (row.sku, row.fields["price"], row.stock)
        for product in reading.products
        for row in product.variants
    ]


class TestAWorkbook:
    """Its cells have types, which become the texts that a CSV file would have."""

    def test_is_read_with_its_numbers(self) -> None:
        reading = read(workbook([HEADER, TEA]))

        assert skus_and_prices(reading) == [("TEA", 500, 5)]
        assert reading.description is not None
        assert (reading.description.format, reading.description.encoding) == ("shop", None)

    def test_has_the_values_of_its_formulas(self) -> None:
        row: list[Cell] = ["TEA", "Tea", None, Formula("250*2", "500"), Formula("2+3", "5")]

        assert skus_and_prices(read(workbook([HEADER, row]))) == [("TEA", 500, 5)]

    def test_may_have_blank_rows_and_columns(self) -> None:
        reading = read(workbook([[], [None], HEADER, [None, None], [*TEA, None, None], []]))

        assert skus_and_prices(reading) == [("TEA", 500, 5)]

    def test_has_only_its_first_sheet_read(self) -> None:
        other: list[Cell] = ["JAM", "Jam", "", 300, 1]

        assert skus_and_prices(read(workbook([HEADER, TEA], [HEADER, other]))) == [("TEA", 500, 5)]

    def test_can_be_an_export_of_another_shop(self) -> None:
        header: list[Cell] = ["Handle", "Title", "Variant SKU", "Variant Price", "Published"]
        rows: list[list[Cell]] = [["tea", "Tea", 4711, 19.9, True], ["jam", "Jam", "J", 0.1 + 0.2]]

        reading = read(workbook([header, *rows]))

        assert skus_and_prices(reading) == [("4711", 1990, None), ("J", 30, None)]
        assert [each.fields["active"] for each in reading.products] == [True, True]

    def test_has_its_faults_reported_by_row_and_column(self) -> None:
        row: list[Cell] = ["JAM", "Jam", "", 19.9, 5]

        reading = read(workbook([HEADER, TEA, [], row]))

        assert reading.faults == [
            (
                "4: price: must be 1 to 1000000000 minor units, such as 1990, not '19.9'; write"
                " 1990 for 19.9."
            )
        ]

    @pytest.mark.parametrize("sheet", [[], [[]], [[None, ""]]])
    def test_may_be_empty(self, sheet: list[list[Cell]]) -> None:
        assert read(workbook(sheet)).faults == [
            "1: file: is empty; begin it with a header: sku,name,description,price,stock."
        ]


class TestADangerousWorkbook:
    """It is rejected, and the shop goes on."""

    def test_has_cells_so_far_apart_that_no_memory_suffices(self) -> None:
        content = _with_sheet(
            workbook([HEADER, TEA]),
            '<row r="1"><c r="A1"><v>1</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        )

        assert read(content).faults == [
            "1: file: is no workbook that can be read; save it again, or as CSV."
        ]

    def test_unpacks_to_more_than_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx_rows, "MAX_UNPACKED_BYTES", 1000)

        assert read(workbook([HEADER, TEA])).faults == [
            "1: file: unpacks to more than 0 MB; save it as CSV."
        ]

    def test_has_a_list_of_files_that_needs_much_memory(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(xlsx_rows, "MAX_DIRECTORY_BYTES", 100)
        monkeypatch.setattr(xlsx_rows, "ZipFile", None)

        assert "another ZIP archive" in read(workbook([HEADER, TEA])).faults[0]

    def test_takes_too_long_to_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx_rows, "MAX_SECONDS", 0)

        assert read(workbook([HEADER, TEA])).faults == [
            "1: file: takes longer than 0 seconds to read; save it as CSV."
        ]

    def test_has_a_damaged_sheet(self) -> None:
        content = _with_sheet(workbook([HEADER, TEA]), "<row><c r='A1'><v>1</v>")

        assert read(content).faults == [
            "1: file: is no workbook that can be read; save it again, or as CSV."
        ]

    def test_is_another_archive(self) -> None:
        content = BytesIO()
        with ZipFile(content, "w") as archive:
            archive.writestr("content.xml", "<office/>")

        assert read(content.getvalue()).faults == [
            (
                "1: file: is an OpenDocument file or another ZIP archive, not CSV; open it in a"
                ' spreadsheet program and save it as "CSV UTF-8 (comma delimited)".'
            )
        ]


def _with_sheet(content: bytes, rows: str) -> bytes:
    changed = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(changed, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            text = before.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                start, end = text.index("<row"), text.index("</sheetData>")
                text = text[:start] + rows + text[end:]
            after.writestr(name, text)
    return changed.getvalue()


def test_workbook_is_read_once_however_often_its_rows_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "products.xlsx"
    file.write_bytes(workbook([HEADER, TEA, ["JAM", "Jam", None, 300, None]]))
    before = list(xlsx_rows.read_xlsx_rows(file, tmp_path))
    monkeypatch.setattr(xlsx_rows, "CHILD", "shop.no_such_module")

    assert list(xlsx_rows.read_xlsx_rows(file, tmp_path)) == before
    assert before[-1] == SheetRow(line=3, content=["JAM", "Jam", "", "300", ""])
