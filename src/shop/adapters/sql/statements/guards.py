"""Guards: the conditions under which a row is still what a decision was made on."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Table, and_

from shop.adapters.sql.statements.row_parameters import Columns

Guard = Callable[[Table, FromClause], ColumnElement[bool]]


def next_version(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the update only if the row has the previous version."""
    return table.c.version == rows.c.version - 1


class AsRead:
    """Allows an update only while some columns are as they were read."""

    def __init__(self, *columns: Column[Any]) -> None:
        self._names = {column.name: f"was_{column.name}" for column in columns}
        self.columns: Columns = tuple((self._names[column.name], column.type) for column in columns)
        """What the rows have for this guard."""

    def __call__(self, table: Table, rows: FromClause) -> ColumnElement[bool]:
        """Return the condition."""
        names = self._names.items()
        return and_(*(table.c[name].is_not_distinct_from(rows.c[was]) for name, was in names))

    def fields(self, read: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a row has for this guard, of the fields as they were read."""
        return {was: read[name] for name, was in self._names.items()}


def same_version(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow something only if the row still has this version."""
    return table.c.version == rows.c.version


@cache
def version_after(steps: int) -> Guard:
    """Return the guard that allows an update only from `steps` versions before."""

    def guard(table: Table, rows: FromClause) -> ColumnElement[bool]:
        return table.c.version == rows.c.version - steps

    return guard
