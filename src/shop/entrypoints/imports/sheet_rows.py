"""The rows of a sheet, as CSV files and workbooks have them."""

from collections.abc import Sequence

from shop.domain.shared.value import value


@value
class SheetFault:
    """Why a row cannot be read; `cell` is the position of the cell that has the fault."""

    place: str
    rule: str
    cell: int | None = None


@value
class SheetRow:
    """The cells of a row, and the line on which it begins, from 1."""

    line: int
    content: Sequence[str] | SheetFault


@value
class Dialect:
    """How a file is written: its encoding, and what separates cells; a workbook has neither."""

    encoding: str | None
    separator: str | None


def normalise_column(name: str) -> str:
    """Return the name of a column as the shop compares it."""
    return " ".join(name.split()).casefold().replace("_", " ")


def without_empty_end(cells: Sequence[str], *, at_least: int = 0) -> Sequence[str]:
    """Return the cells without the empty ones that spreadsheets write after the last column."""
    count = len(cells)
    while count > at_least and not cells[count - 1].strip():
        count -= 1
    return cells[:count]
