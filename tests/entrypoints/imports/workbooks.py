"""Writes Excel workbooks with the cells that a test needs."""

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Formula(NamedTuple):
    """A cell with a formula, and the value that it had when the workbook was saved."""

    formula: str
    value: str


Cell = str | int | float | bool | None | Formula


def workbook(*sheets: Sequence[Sequence[Cell]]) -> bytes:
    """Return a workbook with these sheets, each of them rows of cells."""
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as archive:
        for name, text in _parts(sheets).items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return content.getvalue()


def _parts(sheets: Sequence[Sequence[Sequence[Cell]]]) -> dict[str, str]:
    numbers = range(1, len(sheets) + 1)
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{each}.xml" '
            f'ContentType="{_TYPES}.worksheet+xml"/>'
            for each in numbers
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(f'<sheet name="S{each}" sheetId="{each}" r:id="rId{each}"/>' for each in numbers)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{each}" Type="{_OFFICE}/worksheet" '
            f'Target="worksheets/sheet{each}.xml"/>'
            for each in numbers
        )
        + "</Relationships>",
        **{
            f"xl/worksheets/sheet{number}.xml": _sheet(rows)
            for number, rows in zip(numbers, sheets, strict=True)
        },
    }


def _sheet(rows: Sequence[Sequence[Cell]]) -> str:
    written = "".join(
        f'<row r="{number}">{"".join(_cells(number, row))}</row>'
        for number, row in enumerate(rows, start=1)
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'


def _cells(number: int, row: Sequence[Cell]) -> list[str]:
    return [
        _cell(f"{chr(ord('A') + position)}{number}", cell)
        for position, cell in enumerate(row)
        if cell is not None
    ]


def _cell(place: str, cell: Cell) -> str:
    match cell:
        case Formula():
            text = escape(cell.formula)
            return f'<c r="{place}" t="str"><f>{text}</f><v>{escape(cell.value)}</v></c>'
        case bool():
            return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
        case str():
            return (
                f'<c r="{place}" t="inlineStr">'
                f'<is><t xml:space="preserve">{escape(cell)}</t></is></c>'
            )
        case _:
            return f'<c r="{place}"><v>{cell}</v></c>'
