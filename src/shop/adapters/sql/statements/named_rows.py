"""Makes rows with named values of the tuples that a database returns."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

Converter = Callable[[Any], Any]
"""Makes a value of a column's type; it is not asked about None."""

RawRows = Sequence[Sequence[Any]]
RowMaker = Callable[[RawRows], Sequence[Any]]


def row_maker(columns: Sequence[tuple[str, Converter | None]]) -> RowMaker:
    """Return the function that makes rows of these columns, some of which have converters."""
    names = [name for name, _ in columns]
    named = namedtuple("named", names, rename=True)  # type: ignore[misc]  # noqa: PYI024  The names are those of a query.
    converters = [(at, convert) for at, (_, convert) in enumerate(columns) if convert is not None]
    return partial(_make_rows, named._make, converters)


def _make_rows(
    make: Callable[[Sequence[Any]], Any],
    converters: Sequence[tuple[int, Converter]],
    raw_rows: RawRows,
) -> Sequence[Any]:
    if not raw_rows:
        return ()
    if not converters:
        return list(map(make, raw_rows))
    # By column: one loop for each instead of a search for its converter for each value.
    columns: list[Sequence[Any]] = list(zip(*raw_rows, strict=True))
    for position, convert in converters:
        columns[position] = [None if each is None else convert(each) for each in columns[position]]
    return list(map(make, zip(*columns, strict=True)))
