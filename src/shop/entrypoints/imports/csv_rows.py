"""Reads the rows of CSV files as spreadsheets write them, each with its line.

Separators are recognised by the header: ',', ';' or tabs, or by a line `sep=` before it. A row
with a wrong quotation mark hides no other row: reading goes on at the next line.
"""

import codecs
import csv
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from shop.entrypoints.imports.sheet_rows import Dialect, SheetFault, SheetRow, normalise_column
from shop.entrypoints.imports.text_encodings import find_encoding

MAX_QUOTATION_FAULTS = 100
"""A fault can read up to a cell's greatest length ahead, so their number is bounded."""

MAX_LINE_CHARACTERS = 1 << 20
"""A line is in memory at once."""

_HEAD_BYTES = 512
_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)

_OTHER_FORMATS = (
    (b"PK\x03\x04", "an OpenDocument file or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"%PDF", "a PDF document"),
    (b"<", "an HTML or XML document"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def read_csv_rows(file: Path, columns: Collection[str]) -> Iterator[Dialect | SheetRow]:
    """Yield the dialect of a file, then its header and the rows that are not blank.

    Bytes that are not text in the file's encoding become lone surrogates. The separator is the one
    that finds most of these `columns` in the header.
    """
    with file.open("rb") as binary:
        head = binary.read(_HEAD_BYTES)
    if (fault := _find_other_format(head)) is not None:
        yield SheetRow(line=1, content=SheetFault(place="file", rule=fault))
        return
    encoding = find_encoding(file)
    with file.open(encoding=encoding.codec, errors=encoding.errors, newline="") as text:
        lines = _Lines(iter(partial(text.readline, MAX_LINE_CHARACTERS), ""))
        try:
            separator = _find_separator(lines, columns)
            yield Dialect(encoding=encoding.name, separator=separator)
            yield from _rows(lines, separator)
        except UnicodeDecodeError:
            rule = f'is not valid {encoding.name.upper()} from here on; save it as "CSV UTF-8"'
            yield SheetRow(line=lines.number + 1, content=SheetFault(place="file", rule=rule))
        except _LongLine:
            rule = f"must have lines of at most {MAX_LINE_CHARACTERS} characters"
            yield SheetRow(line=lines.number, content=SheetFault(place="file", rule=rule))


class _LongLine(Exception):
    """A line is too long to be read."""


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
        if len(line) == MAX_LINE_CHARACTERS:
            raise _LongLine
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
    return None


def _find_separator(lines: _Lines, columns: Collection[str]) -> str:
    first = next(lines, "")
    if found := _SEPARATOR_LINE.fullmatch(first):
        lines.begin_row()
        return found[1]
    lines.go_back(keep=0)

    def known(separator: str) -> int:
        try:
            names = next(csv.reader([first], delimiter=separator), [])
        except csv.Error:
            # A cell is too long; the header's fault says so.
            return 0
        return sum(normalise_column(name) in columns for name in names)

    return max(_SEPARATORS, key=known)


def _rows(lines: _Lines, separator: str) -> Iterator[SheetRow]:
    # Not `csv.DictReader`: its line numbers skip empty lines, and it pads rows that are too short.
    fault_count, is_header_read = 0, False
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        lines.begin_row()
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield SheetRow(line=line, content=_quotation_fault(lines.row, separator, error))
            fault_count += 1
            if fault_count == MAX_QUOTATION_FAULTS:
                return
            lines.go_back(keep=1)
            # The fault has left the other one inside of a quotation.
            reader = csv.reader(lines, delimiter=separator, strict=True)
            continue
        if not is_header_read or any(cell.strip() for cell in cells):
            is_header_read = True
            yield SheetRow(line=line, content=cells)


def _quotation_fault(row: Sequence[str], separator: str, error: csv.Error) -> SheetFault:
    message = str(error)
    if message.startswith("field larger") and len(row) == 1:
        rule = f"must have cells of at most {csv.field_size_limit()} characters"
        return SheetFault(place="row", rule=rule)
    if "expected after" in message and len(row) == 1:
        rule = 'a quotation mark inside a cell must be doubled: ""'
        return SheetFault(place="row", rule=rule)
    cell = len(next(csv.reader(row[:1], delimiter=separator), [])) - 1
    return SheetFault(place="row", rule="the opening quotation mark is not closed", cell=cell)
