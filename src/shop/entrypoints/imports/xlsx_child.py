"""Writes the rows of a workbook's first sheet, each as a line of JSON, in a process of its own.

A workbook of a few kilobytes can have cells so far apart that the library asks for more memory
than there is, and ends the process. So that is not the shop's.
"""

import json
import resource
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

MAX_MEMORY_BYTES = 1 << 30
MAX_CPU_SECONDS = 60
MAX_OUTPUT_BYTES = 1 << 30

_DIGITS = 15
"""As many as spreadsheets have: 0.1 + 0.2 is 0.3."""


def main(file: str) -> None:
    """Write all rows, empty ones too, so that their numbers are known."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_OUTPUT_BYTES, MAX_OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  Within the limits.

    for row in CalamineWorkbook.from_path(file).get_sheet_by_index(0).iter_rows():
        sys.stdout.write(json.dumps(texts_of(row)) + "\n")


def texts_of(row: Sequence[Any]) -> Sequence[str]:
    """Return the cells of a row as a CSV file would have them, up to the last with a text."""
    texts = [each if isinstance(each, str) else _text_of(each) for each in row]
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _text_of(cell: Any) -> str:  # noqa: ANN401  What the library returns.
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case float():
            return format(Decimal(f"{cell:.{_DIGITS}g}"), "f")
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta() | int():
            return str(cell)
        case _:
            return ""


if __name__ == "__main__":
    main(sys.argv[1])
