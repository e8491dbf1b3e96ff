"""Parameters for sets of rows: one statement and one round trip for any number.

Both engines take rows as one JSON text, which is cheaper for the client than an array for each
column (decision 4). PostgreSQL takes the values of one column as an array.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

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

from shop.adapters.sql.schema.column_types import UtcDateTime, to_json_value

ROWS = "rows"
VALUES = "wanted"

_MEMBER = (column("key", Text()), column("value", Text()))

Row = Mapping[str, Any]
Columns = tuple[tuple[str, TypeEngine[Any]], ...]


class RowParameters(ABC):
    """Builds the clauses and parameters of an engine for sets of rows and values."""

    combines_writes: ClassVar[bool]
    """Whether one statement can write to many tables."""

    _dialect: ClassVar[Dialect]

    @abstractmethod
    def insert_if_absent(self, table: Table) -> PostgresInsert | SqliteInsert:
        """Return an INSERT that skips rows with a unique conflict."""

    @abstractmethod
    def insert_or_update(self, table: Table) -> PostgresInsert | SqliteInsert:
        """Return an INSERT that can update rows with a unique conflict."""

    @abstractmethod
    def rows_from(self, columns: Columns, rows_name: str) -> FromClause:
        """Return the rows of a parameter as a table."""

    def bind_rows(self, columns: Columns, rows_name: str, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the parameter with the rows as one JSON text."""
        processors = _processors(columns, self._dialect)
        if processors:
            rows = [{**row, **{name: bind(row[name]) for name, bind in processors}} for row in rows]
        return {rows_name: _to_json(rows)}

    @abstractmethod
    def members_of(self, document: ColumnElement[Any]) -> FromClause:
        """Return the members of a JSON object of texts as rows of `key` and `value`."""

    @abstractmethod
    def is_in(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that the parameter's values contain the column."""

    @abstractmethod
    def bind_values(
        self, column_type: TypeEngine[Any], values: Collection[object]
    ) -> dict[str, Any]:
        """Return the parameter with values of a column's type."""


@dataclass(frozen=True)
class PostgresqlRowParameters(RowParameters):
    """Passes rows as a JSON text, values as an array."""

    combines_writes: ClassVar[bool] = True
    _dialect: ClassVar[Dialect] = make_url("postgresql+asyncpg://").get_dialect()()

    def insert_if_absent(self, table: Table) -> PostgresInsert:
        """Return PostgreSQL's INSERT."""
        return postgresql.insert(table).on_conflict_do_nothing()

    def insert_or_update(self, table: Table) -> PostgresInsert:
        """Return PostgreSQL's INSERT."""
        return postgresql.insert(table)

    def rows_from(self, columns: Columns, rows_name: str) -> FromClause:
        """Return the objects of the JSON text as typed rows."""
        document = cast(bindparam(rows_name, type_=Text()), JSON)
        names = [column(name, kind) for name, kind in columns]
        rows = func.json_to_recordset(document).table_valued(*names)
        return rows.render_derived(rows_name, with_types=True)

    def members_of(self, document: ColumnElement[Any]) -> FromClause:
        """Return what PostgreSQL's function makes of the object."""
        return func.json_each_text(cast(document, JSON)).table_valued(*_MEMBER)

    def is_in(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Compare with any element of the array."""
        return column == func.any(bindparam(VALUES, type_=ARRAY(column.type)))

    def bind_values(
        self, column_type: TypeEngine[Any], values: Collection[object]
    ) -> dict[str, Any]:
        """Return the values as an array."""
        del column_type
        return {VALUES: list(values)}


@dataclass(frozen=True)
class SqliteRowParameters(RowParameters):
    """Passes rows as a JSON text of arrays, values as one of values."""

    combines_writes: ClassVar[bool] = False
    _dialect: ClassVar[Dialect] = sqlite.dialect()

    def insert_if_absent(self, table: Table) -> SqliteInsert:
        """Return SQLite's INSERT."""
        return sqlite.insert(table).on_conflict_do_nothing()

    def insert_or_update(self, table: Table) -> SqliteInsert:
        """Return SQLite's INSERT."""
        return sqlite.insert(table)

    def rows_from(self, columns: Columns, rows_name: str) -> FromClause:
        """Return the arrays of the JSON text as typed rows."""
        each = func.json_each(bindparam(rows_name, type_=Text())).table_valued("value")
        # By position: SQLite looks for a name among all names of an object.
        values = [
            type_coerce(func.json_extract(each.c.value, f"$[{position}]"), kind).label(name)
            for position, (name, kind) in enumerate(columns)
        ]
        return select(*values).subquery(rows_name)

    def bind_rows(self, columns: Columns, rows_name: str, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the parameter with the rows as one JSON text of arrays."""
        processors = dict(_processors(columns, self._dialect))
        bound: list[Sequence[Any]] = []
        times: dict[Any, Any] = {}
        for name, kind in columns:
            values = [row[name] for row in rows]
            if isinstance(kind, UtcDateTime):
                # The rows of a group have the same times, and so have the columns of a row.
                times |= {value: processors[name](value) for value in {*values} - times.keys()}
                values = [times[value] for value in values]
            elif name in processors:
                values = list(map(processors[name], values))
            bound.append(values)
        return {rows_name: _to_json(list(zip(*bound, strict=True)))}

    def members_of(self, document: ColumnElement[Any]) -> FromClause:
        """Return what SQLite's function makes of the object."""
        return func.json_each(document).table_valued(*_MEMBER)

    def is_in(self, column: ColumnElement[Any]) -> ColumnElement[bool]:
        """Compare with the elements of the JSON text."""
        each = func.json_each(bindparam(VALUES, type_=Text())).table_valued("value")
        return column.in_(select(type_coerce(each.c.value, column.type)))

    def bind_values(
        self, column_type: TypeEngine[Any], values: Collection[object]
    ) -> dict[str, Any]:
        """Return the values as one JSON text."""
        bind = column_type.dialect_impl(self._dialect).bind_processor(self._dialect)
        return {VALUES: _to_json([value if bind is None else bind(value) for value in values])}


@cache
def _processors(columns: Columns, dialect: Dialect) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """Return the bind processors of the columns that need one for JSON."""
    return [
        (name, bind)
        for name, kind in columns
        for bind in (kind.dialect_impl(dialect).bind_processor(dialect),)
        if bind is not None
    ]


def _to_json(document: object) -> str:
    return orjson.dumps(document, default=to_json_value).decode()
