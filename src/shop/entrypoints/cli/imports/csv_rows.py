"""Reads the rows of CSV files as spreadsheets write them, each with its line.

Separators are recognised by the header: ',', ';' or tabs. UTF-16 is read if it has a byte order
mark. A row with a wrong quotation mark hides no other row: reading goes on at the next line.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from shop.domain.shared.value import value

MAX_QUOTATION_FAULTS = 100
"""A fault can read up to a cell's greatest length ahead, so their number is bounded."""

_HEAD_BYTES = 512
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FORMATS = (
    (b"PK\x03\x04", "an Excel workbook (.xlsx), an OpenDocument file or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"%PDF", "a PDF document"),
    (b"<", "an HTML or XML document"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


@value
class CsvFault:
    """Why a row cannot be read; `cell` is the position of the cell that has the fault."""

    place: str
    rule: str
    cell: int | None = None


@value
class CsvRow:
    """The cells of a row, and the line on which it begins, from 1."""

    line: int
    content: Sequence[str] | CsvFault


@value
class CsvDialect:
    """How a file is written."""

    separator: str


def read_csv_rows(file: Path, columns: Collection[str]) -> Iterator[CsvDialect | CsvRow]:
    """Yield the dialect of a file, then its header and the rows that are not blank.

    Bytes that are not UTF-8 become lone surrogates.
    """
    with file.open("rb") as binary:
        head = binary.read(_HEAD_BYTES)
    if (fault := _find_other_format(head)) is not None:
        yield CsvRow(line=1, content=CsvFault(place="file", rule=fault))
        return
    encoding = next((name for mark, name in _ENCODINGS if head.startswith(mark)), None)
    errors = "surrogateescape" if encoding is None else "strict"
    with file.open(encoding=encoding or "utf-8-sig", errors=errors, newline="") as text:
        lines = _Lines(text)
        try:
            dialect = _find_dialect(lines, columns)
            yield dialect
            yield from _rows(lines, dialect)
        except UnicodeDecodeError:
            rule = f'is not valid {(encoding or "").upper()} from here on; save it as "CSV UTF-8"'
            yield CsvRow(line=lines.number + 1, content=CsvFault(place="file", rule=rule))


class _Lines(Iterator[str]):
    """The lines of a file, which can be read again from the second line of a row."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self.row: list[str] = []
        self.number = 0

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.number += 1
        self.row.append(line)
        return line

    def begin_row(self) -> None:
        self.row.clear()

    def go_back(self, *, keep: int) -> None:
        """Read the lines of the row again, except the first ones."""
        again = self.row[keep:]
        self._ahead.extendleft(reversed(again))
        self.number -= len(again)
        self.row.clear()


def _find_other_format(head: bytes) -> str | None:
    content = head.removeprefix(codecs.BOM_UTF8).lstrip()
    for start, what in _OTHER_FORMATS:
        if content.startswith(start):
            return (
                f"is {what}, not CSV; open it in a spreadsheet program and save it as "
                '"CSV UTF-8 (comma delimited)"'
            )
    if b"\0" in head[:4] and not any(head.startswith(mark) for mark, _ in _ENCODINGS):
        return (
            "contains NUL bytes: it is UTF-16 without a byte order mark, or no text; save it as "
            '"CSV UTF-8"'
        )
    return None


def _find_dialect(lines: _Lines, columns: Collection[str]) -> CsvDialect:
    first = next(lines, "")
    if found := _SEPARATOR_LINE.fullmatch(first):
        lines.begin_row()
        return CsvDialect(separator=found[1])
    lines.go_back(keep=0)

    def known(separator: str) -> int:
        names = next(csv.reader([first], delimiter=separator), [])
        return sum(normalise_column(name) in columns for name in names)

    return CsvDialect(separator=max(_SEPARATORS, key=known))


def normalise_column(name: str) -> str:
    """Return the name of a column as the shop writes it."""
    return name.strip().lower().replace(" ", "_")


def _rows(lines: _Lines, dialect: CsvDialect) -> Iterator[CsvRow]:
    # Not `csv.DictReader`: its line numbers skip empty lines, and it pads rows that are too short.
    fault_count, is_header_read = 0, False
    while True:
        lines.begin_row()
        line = lines.number + 1
        try:
            # A new reader for each row, because a fault leaves it inside of a quotation.
            cells = next(csv.reader(lines, delimiter=dialect.separator, strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            yield CsvRow(line=line, content=_quotation_fault(lines.row, dialect, error))
            fault_count += 1
            if fault_count == MAX_QUOTATION_FAULTS:
                return
            lines.go_back(keep=1)
            continue
        if not is_header_read or any(cell.strip() for cell in cells):
            is_header_read = True
            yield CsvRow(line=line, content=cells)


def _quotation_fault(row: Sequence[str], dialect: CsvDialect, error: csv.Error) -> CsvFault:
    message = str(error)
    if message.startswith("field larger") and len(row) == 1:
        rule = f"must have cells of at most {csv.field_size_limit()} characters"
        return CsvFault(place="row", rule=rule)
    cell = len(next(csv.reader(row[:1], delimiter=dialect.separator), [])) - 1
    if "expected after" in message and len(row) == 1:
        rule = 'a quotation mark inside a cell must be doubled: ""'
        return CsvFault(place="row", rule=rule)
    return CsvFault(place="row", rule="the opening quotation mark is not closed", cell=cell)
