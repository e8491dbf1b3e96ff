"""Guards: the conditions under which a row is still what a decision was made on."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, and_

Guard = Callable[[Table, FromClause], ColumnElement[bool]]


def next_version(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the update only if the row has the previous version."""
    return table.c.version == rows.c.version - 1


def as_known(fields: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    """Return these fields of a row under the names that the guard knows."""
    return {known_name(name): fields[name] for name in names}


@cache
def still(names: tuple[str, ...]) -> Guard:
    """Return the guard that allows an update only while these columns are as they were read."""

    def guard(table: Table, rows: FromClause) -> ColumnElement[bool]:
        same = (table.c[each].is_not_distinct_from(rows.c[known_name(each)]) for each in names)
        return and_(*same)

    return guard


def same_version(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow something only if the row still has this version."""
    return table.c.version == rows.c.version


@cache
def version_after(steps: int) -> Guard:
    """Return the guard that allows an update only from `steps` versions before."""

    def guard(table: Table, rows: FromClause) -> ColumnElement[bool]:
        return table.c.version == rows.c.version - steps

    return guard


def known_name(name: str) -> str:
    """Return the name of a column's value as it was read."""
    return f"was_{name}"
