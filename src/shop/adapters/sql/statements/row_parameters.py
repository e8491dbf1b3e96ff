"""Statements over sets: the same text, and one round trip, for one row or for a thousand.

Both engines take rows as one JSON text: that costs the client a fraction of what an array for
each column does, and the server hardly more. Values of one column go to PostgreSQL as an array.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Dialect,
    FromClause,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    make_url,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.types import TypeEngine

ROWS = "rows"
VALUES = "wanted"

Row = Mapping[str, Any]
Columns = tuple[tuple[str, TypeEngine[Any]], ...]


class RowParameters(ABC):
    """How an engine takes sets of rows and of values as parameters."""

    combines_writes: ClassVar[bool]
    """Whether one statement can make changes to many tables."""

    _dialect: ClassVar[Dialect]

    @abstractmethod
    def insert_if_absent(self, table: Table) -> PostgresInsert | SqliteInsert:
        """Return the insertion that passes over rows which break a uniqueness."""

    @abstractmethod
    def rows_from(self, columns: Columns, name: str) -> FromClause:
        """Return the rows given as parameters under a name, to be selected or joined from."""

    def bind_rows(self, columns: Columns, rows_name: str, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the parameter that carries these rows under a name: one text for all of them."""
        processors = _processors(columns, self._dialect)
        bound = [{**row, **{name: bind(row[name]) for name, bind in processors}} for row in rows]
        return {rows_name: _to_json(bound)}

    @abstractmethod
    def is_in(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a column's value is among those given as a parameter."""

    @abstractmethod
    def bind_values(
        self, column_type: TypeEngine[Any], values: Collection[object]
    ) -> dict[str, Any]:
        """Return the parameter that carries these values of a column's type."""


@dataclass(frozen=True)
class PostgresqlRowParameters(RowParameters):
    """Rows as a JSON text, values as an array."""

    combines_writes: ClassVar[bool] = True
    _dialect: ClassVar[Dialect] = make_url("postgresql+asyncpg://").get_dialect()()

    def insert_if_absent(self, table: Table) -> PostgresInsert:
        """Return PostgreSQL's insertion."""
        return postgresql.insert(table).on_conflict_do_nothing()

    def rows_from(self, columns: Columns, rows_name: str) -> FromClause:
        """Return the objects in the JSON text, as rows of these types."""
        document = cast(bindparam(rows_name, type_=Text()), JSON)
        names = [column(name, kind) for name, kind in columns]
        rows = func.json_to_recordset(document).table_valued(*names)
        return rows.render_derived(rows_name, with_types=True)

    def is_in(self, values_column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Compare with any element of the array."""
        return values_column == func.any(bindparam(VALUES, type_=ARRAY(values_column.type)))

    def bind_values(
        self, column_type: TypeEngine[Any], values: Collection[object]
    ) -> dict[str, Any]:
        """Return the array."""
        del column_type
        return {VALUES: list(values)}


@dataclass(frozen=True)
class SqliteRowParameters(RowParameters):
    """Rows and values as JSON texts."""

    combines_writes: ClassVar[bool] = False
    _dialect: ClassVar[Dialect] = sqlite.dialect()

    def insert_if_absent(self, table: Table) -> SqliteInsert:
        """Return SQLite's insertion."""
        return sqlite.insert(table).on_conflict_do_nothing()

    def rows_from(self, columns: Columns, rows_name: str) -> FromClause:
        """Return the objects in the JSON text, as rows of these types."""
        each = func.json_each(bindparam(rows_name, type_=Text())).table_valued("value")
        values = [
            type_coerce(func.json_extract(each.c.value, f"$.{name}"), kind).label(name)
            for name, kind in columns
        ]
        return select(*values).subquery(rows_name)

    def is_in(self, values_column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Compare with the elements of the JSON text."""
        each = func.json_each(bindparam(VALUES, type_=Text())).table_valued("value")
        return values_column.in_(select(type_coerce(each.c.value, values_column.type)))

    def bind_values(
        self, column_type: TypeEngine[Any], values: Collection[object]
    ) -> dict[str, Any]:
        """Return one text for all values."""
        bind = column_type.dialect_impl(self._dialect).bind_processor(self._dialect)
        return {VALUES: _to_json([value if bind is None else bind(value) for value in values])}


@cache
def _processors(columns: Columns, dialect: Dialect) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """Return what binds the values of those columns that JSON does not take as they are."""
    return [
        (name, bind)
        for name, kind in columns
        for bind in (kind.dialect_impl(dialect).bind_processor(dialect),)
        if bind is not None
    ]


def _to_json(document: object) -> str:
    return orjson.dumps(document, default=_to_json_value).decode()


def _to_json_value(value: object) -> str:
    if isinstance(value, UUID):
        # The driver's own kind of it.
        return str(value)
    raise TypeError(f"no column takes {type(value).__name__}")
