"""Statements with their text for SQLite, which is made once.

SQLAlchemy would look for the text again at each execution, which costs more than SQLite's work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID, SafeUUID

from sqlalchemy import ClauseElement, Delete, Dialect, Executable, Insert, Update, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.types import TypeEngine

from shop.adapters.sql.schema.column_types import StoredType
from shop.adapters.sql.statements.named_rows import Converter, RowMaker, row_maker

_DIALECT: Dialect = sqlite.dialect(paramstyle="named")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement's text, its constant parameters, and what makes rows of what it returns."""

    text: str
    constants: Mapping[str, Any]
    to_rows: RowMaker


@cache
def prepared(statement: Executable) -> Prepared | None:
    """Return the text of a query that is a constant; None if each execution needs another."""
    compiled = _compiled(cast("ClauseElement", statement))
    return None if compiled.post_compile_params else _prepared(statement, compiled)


def prepared_query(statement: Executable) -> Prepared:
    """Return the text of a query that is a constant."""
    return _prepared(statement, _compiled(cast("ClauseElement", statement)))


@cache
def prepared_write(statement: Insert | Update | Delete) -> Prepared:
    """Return the text of a write."""
    compiled = _compiled(statement)
    return Prepared(text=str(compiled), constants=_constants(compiled), to_rows=tuple)


def _prepared(statement: Executable, compiled: SQLCompiler) -> Prepared:
    columns = cast("ReturnsRows", statement).exported_columns
    to_rows = row_maker([(each.name, _converter(each.type)) for each in columns])
    return Prepared(text=str(compiled), constants=_constants(compiled), to_rows=to_rows)


def _compiled(statement: ClauseElement) -> SQLCompiler:
    return cast("SQLCompiler", statement.compile(dialect=_DIALECT))


def _constants(compiled: SQLCompiler) -> Mapping[str, Any]:
    return {
        name: each.value if bind is None else bind(each.value)
        for name, each in compiled.binds.items()
        if not each.required
        for bind in (each.type.dialect_impl(_DIALECT).bind_processor(_DIALECT),)
    }


def _converter(kind: TypeEngine[Any]) -> Converter | None:
    if isinstance(kind, Uuid):
        return _uuid
    if isinstance(kind, StoredType):
        return kind.parse
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)


def _uuid(hexadecimal: str) -> UUID:
    # The constructor checks for longer than all of this takes.
    made = object.__new__(UUID)
    object.__setattr__(made, "int", int(hexadecimal, 16))
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made
