"""Statements over sets: the same text, and one round trip, for one row or for a thousand.

PostgreSQL takes a set as one array per column and unnests them; SQLite takes it as one JSON text.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Dialect,
    FromClause,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.types import TypeEngine

ROWS = "rows"
WANTED = "wanted"

Row = Mapping[str, Any]
Columns = Sequence[tuple[str, TypeEngine[Any]]]


class Sets(ABC):
    """How an engine takes sets of rows and of values as parameters."""

    @abstractmethod
    def insert_new(self, table: Table) -> PostgresInsert | SqliteInsert:
        """Return the insertion that passes over rows which break a uniqueness."""

    writes_together: ClassVar[bool]
    """Whether one statement can make changes to many tables."""

    @abstractmethod
    def rows(self, columns: Columns, called: str) -> FromClause:
        """Return the rows given as parameters under a name, to be selected or joined from."""

    @abstractmethod
    def rows_parameters(self, columns: Columns, called: str, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the parameters that carry these rows under a name."""

    @abstractmethod
    def among(self, what: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the condition that a column's value is among those given as a parameter."""

    @abstractmethod
    def among_parameters(self, what: TypeEngine[Any], values: Collection[object]) -> dict[str, Any]:
        """Return the parameter that carries these values of a column's type."""


@dataclass(frozen=True)
class PostgresSets(Sets):
    """Sets as arrays."""

    writes_together: ClassVar[bool] = True

    def insert_new(self, table: Table) -> PostgresInsert:
        """Return PostgreSQL's insertion."""
        return postgresql.insert(table).on_conflict_do_nothing()

    def rows(self, columns: Columns, called: str) -> FromClause:
        """Return the arrays, unnested side by side."""
        arrays = [bindparam(f"{called}_{name}", type_=ARRAY(kind)) for name, kind in columns]
        names = [column(name, kind) for name, kind in columns]
        return func.unnest(*arrays).table_valued(*names, name=called).render_derived()

    def rows_parameters(self, columns: Columns, called: str, rows: Sequence[Row]) -> dict[str, Any]:
        """Return an array per column."""
        return {f"{called}_{name}": [row[name] for row in rows] for name, _ in columns}

    def among(self, what: ColumnElement[Any]) -> ColumnElement[bool]:
        """Compare with any element of the array."""
        return what == func.any(bindparam(WANTED, type_=ARRAY(what.type)))

    def among_parameters(self, what: TypeEngine[Any], values: Collection[object]) -> dict[str, Any]:
        """Return the array."""
        del what
        return {WANTED: list(values)}


@dataclass(frozen=True)
class SqliteSets(Sets):
    """Sets as JSON text, with values as the driver would bind them."""

    writes_together: ClassVar[bool] = False
    _dialect: ClassVar[Dialect] = sqlite.dialect()

    def insert_new(self, table: Table) -> SqliteInsert:
        """Return SQLite's insertion."""
        return sqlite.insert(table).on_conflict_do_nothing()

    def rows(self, columns: Columns, called: str) -> FromClause:
        """Return the elements of the JSON text, each an array of values."""
        each = func.json_each(bindparam(called, type_=Text())).table_valued("value")
        values = [
            type_coerce(func.json_extract(each.c.value, f"$[{index}]"), kind).label(name)
            for index, (name, kind) in enumerate(columns)
        ]
        return select(*values).subquery(called)

    def rows_parameters(self, columns: Columns, called: str, rows: Sequence[Row]) -> dict[str, Any]:
        """Return one text for all rows."""
        bound = [self._bound(kind, [row[name] for row in rows]) for name, kind in columns]
        return {called: json.dumps(list(zip(*bound, strict=True)), ensure_ascii=False)}

    def among(self, what: ColumnElement[Any]) -> ColumnElement[bool]:
        """Compare with the elements of the JSON text."""
        each = func.json_each(bindparam(WANTED, type_=Text())).table_valued("value")
        return what.in_(select(type_coerce(each.c.value, what.type)))

    def among_parameters(self, what: TypeEngine[Any], values: Collection[object]) -> dict[str, Any]:
        """Return one text for all values."""
        return {WANTED: json.dumps(self._bound(what, values), ensure_ascii=False)}

    def _bound(self, kind: TypeEngine[Any], values: Collection[object]) -> list[Any]:
        bind = kind.dialect_impl(self._dialect).bind_processor(self._dialect)
        return [value if bind is None else bind(value) for value in values]
