"""Reads the rows of the first sheet of an Excel workbook (.xlsx)."""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from shop.entrypoints.imports.sheet_rows import Dialect, SheetFault, SheetRow

CHILD = "shop.entrypoints.imports.xlsx_child"
MAX_UNPACKED_BYTES = 1 << 28
"""A workbook is a ZIP archive, which can be a thousand times larger than it looks."""

MAX_DIRECTORY_BYTES = 1 << 20
"""The list of an archive's files is in memory at once; that of a workbook has a few dozen."""

MAX_SECONDS = 45
"""A workbook is read whole before its first row is known: within the lease of a job."""

_ZIP = b"PK\x03\x04"
_END, _LARGE_END = b"PK\x05\x06", b"PK\x06\x07"
_END_FIELDS = struct.Struct("<4s4H2LH")
_MAX_END_BYTES = _END_FIELDS.size + (1 << 16)
_WORKBOOK = "xl/workbook.xml"
_ROWS = "sheet.jsonl"

_UNREADABLE = "is no workbook that can be read; save it again, or as CSV"


def is_xlsx(file: Path) -> bool:
    """Check whether a file is a workbook, whatever its name is."""
    with file.open("rb") as binary:
        if binary.read(len(_ZIP)) != _ZIP:
            return False
        size = binary.seek(0, 2)
        binary.seek(max(0, size - _MAX_END_BYTES))
        if not _has_small_directory(binary.read()):
            return False
    try:
        with ZipFile(file) as archive:
            return _WORKBOOK in archive.namelist()
    except (BadZipFile, OSError):
        return False


def _has_small_directory(end: bytes) -> bool:
    """Check how large an archive says that its list of files is, wherever it may say so."""
    if _LARGE_END in end:
        return False
    at = end.find(_END)
    while at >= 0:
        fields = end[at : at + _END_FIELDS.size]
        if len(fields) == _END_FIELDS.size and _END_FIELDS.unpack(fields)[5] > MAX_DIRECTORY_BYTES:
            return False
        at = end.find(_END, at + 1)
    return True


def read_xlsx_rows(file: Path, folder: Path) -> Iterator[Dialect | SheetRow]:
    """Yield the dialect, then the header and the rows that are not blank.

    Formulas have the values that they had when the workbook was saved. The rows are stored in the
    folder as text, for the next time.
    """
    yield Dialect(encoding=None, separator=None)
    rows = folder / _ROWS
    if not rows.exists() and (rule := _find_fault(file) or _convert(file, rows)):
        yield SheetRow(line=1, content=SheetFault(place="file", rule=rule))
        return
    width = 0
    with rows.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            cells: Sequence[str] = json.loads(line)
            if cells:
                # The header is the first of them; cells at the end that are empty are not written.
                width = width or len(cells)
                yield SheetRow(line=number, content=[*cells, *[""] * (width - len(cells))])


def _find_fault(file: Path) -> str | None:
    with ZipFile(file) as archive:
        if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED_BYTES:
            return f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB; save it as CSV"
    return None


def _convert(file: Path, rows: Path) -> str | None:
    """Write the rows to a file, completely or not at all; return the fault of the workbook."""
    draft = rows.with_suffix(".draft")
    with (
        draft.open("wb") as output,
        subprocess.Popen(  # noqa: S603  Its program and its module are the shop's own.
            [sys.executable, "-I", "-m", CHILD, str(file.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={},
        ) as child,
    ):
        try:
            child.wait(MAX_SECONDS)
        except subprocess.TimeoutExpired:
            return f"takes longer than {MAX_SECONDS} seconds to read; save it as CSV"
        finally:
            child.kill()
    if child.returncode:
        return _UNREADABLE
    draft.replace(rows)
    return None
