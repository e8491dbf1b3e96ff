"""Runs statements with PostgreSQL's driver itself, which takes a fifth of the time of SQLAlchemy.

SQLAlchemy builds the statements, has the connections, and hears of each statement and error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.statements.named_rows import RowMaker, row_maker

_FAILED = "-- the statement before has failed"

Parameters = Mapping[str, Any]


async def fetch_from_driver(
    connection: AsyncConnection,
    statement: Executable,
    parameters: Parameters,
    *,
    commits: bool = False,
) -> Sequence[Any]:
    """Return the driver's rows of a query that is a constant, in the transaction if there is one.

    Errors are SQLAlchemy's, as those of any statement. A query that commits has no timeout.
    """
    sync_connection = connection.sync_connection
    if sync_connection is None:
        raise RuntimeError("the connection is not open")
    driver: Any = sync_connection.connection.driver_connection
    compiled = _require_compiled(statement, connection.dialect)
    values = compiled.values(parameters)
    for listener in sync_connection.dispatch.before_cursor_execute:
        listener(sync_connection, None, compiled.text, tuple(values), None, False)
    try:
        rows: Sequence[Any] = await driver.fetch_prepared(compiled.text, values, commits=commits)
    except BaseException:
        # The driver raises the error again, now for SQLAlchemy, which drops lost connections.
        await connection.exec_driver_sql(_FAILED)
        raise
    return rows


def is_constant(statement: Executable, dialect: Dialect) -> bool:
    """Check whether a query has one text, as it has not with a list whose length may differ."""
    return _compiled(statement, dialect) is not None


async def fetch_rows_from_driver(
    connection: AsyncConnection, statement: Executable, parameters: Parameters
) -> Sequence[Any]:
    """Return the same as rows with attributes, and with values as SQLAlchemy returns them."""
    records = await fetch_from_driver(connection, statement, parameters)
    return _require_compiled(statement, connection.dialect).to_rows(records)


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    default: object
    bind: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _CompiledStatement:
    text: str
    parameters: Sequence[_Parameter]
    to_rows: RowMaker
    """Makes rows with SQLAlchemy's values of the driver's."""

    def values(self, parameters: Parameters) -> Sequence[object]:
        """Return the values by position."""
        return [
            value if each.bind is None else each.bind(value)
            for each in self.parameters
            for value in (parameters.get(each.name, each.default),)
        ]


def _require_compiled(statement: Executable, dialect: Dialect) -> _CompiledStatement:
    compiled = _compiled(statement, dialect)
    if compiled is None:
        raise RuntimeError("this statement has no text of its own")
    return compiled


@cache
def _compiled(statement: Executable, dialect: Dialect) -> _CompiledStatement | None:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    if compiled.post_compile_params:
        return None
    columns = getattr(statement, "exported_columns", ())
    results = [
        (getattr(each, "name", ""), each.type.dialect_impl(dialect).result_processor(dialect, None))
        for each in columns
    ]
    return _CompiledStatement(
        text=compiled.string,
        parameters=[
            _Parameter(
                name,
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup
        ],
        to_rows=row_maker(results),
    )
