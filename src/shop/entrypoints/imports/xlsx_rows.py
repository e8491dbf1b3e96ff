"""Reads the rows of the first sheet of an Excel workbook (.xlsx)."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from shop.entrypoints.imports.sheet_rows import Dialect, SheetFault, SheetRow

CHILD = "shop.entrypoints.imports.xlsx_child"
MAX_UNPACKED_BYTES = 1 << 28
"""A workbook is a ZIP archive, which can be a thousand times larger than it looks."""

_ZIP = b"PK\x03\x04"
_WORKBOOK = "xl/workbook.xml"


def is_xlsx(file: Path) -> bool:
    """Check whether a file is a workbook, whatever its name is."""
    with file.open("rb") as binary:
        if binary.read(len(_ZIP)) != _ZIP:
            return False
    try:
        with ZipFile(file) as archive:
            return _WORKBOOK in archive.namelist()
    except (BadZipFile, OSError):
        return False


def read_xlsx_rows(file: Path) -> Iterator[Dialect | SheetRow]:
    """Yield the dialect, then the header and the rows that are not blank.

    Formulas have the values that they had when the workbook was saved.
    """
    yield Dialect(encoding=None, separator=None)
    with ZipFile(file) as archive:
        if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED_BYTES:
            yield _fault(1, f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB; save it as CSV")
            return
    last = 0
    with subprocess.Popen(  # noqa: S603  Its program and its module are the shop's own.
        [sys.executable, "-I", "-m", CHILD, str(file.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
    ) as child:
        try:
            for last, line in enumerate(child.stdout or (), start=1):
                cells: Sequence[str] = json.loads(line)
                if any(each.strip() for each in cells):
                    yield SheetRow(line=last, content=cells)
        finally:
            child.kill()
    if child.returncode:
        yield _fault(last + 1, "is no workbook that can be read; save it again, or as CSV")


def _fault(line: int, rule: str) -> SheetRow:
    return SheetRow(line=line, content=SheetFault(place="file", rule=rule))
