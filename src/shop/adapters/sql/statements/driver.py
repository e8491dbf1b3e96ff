"""Runs statements with PostgreSQL's driver itself, which takes a fifth of the time of SQLAlchemy.

SQLAlchemy builds the statements, has the connections, and hears of each statement and error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

_FAILED = "-- the statement before has failed"

Parameters = Mapping[str, Any]


async def fetch_from_driver(
    connection: AsyncConnection,
    statement: Executable,
    parameters: Parameters,
    *,
    commits: bool = False,
) -> Sequence[Any]:
    """Return the driver's rows of a query outside transactions; the query is a constant.

    Errors are SQLAlchemy's, as those of any statement. A query that commits has no timeout.
    """
    sync_connection = connection.sync_connection
    if sync_connection is None:
        raise RuntimeError("the connection is not open")
    driver: Any = sync_connection.connection.driver_connection
    compiled = _compiled(statement, connection.dialect)
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


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    default: object
    bind: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _CompiledStatement:
    text: str
    parameters: Sequence[_Parameter]

    def values(self, parameters: Parameters) -> Sequence[object]:
        """Return the values by position."""
        return [
            value if each.bind is None else each.bind(value)
            for each in self.parameters
            for value in (parameters.get(each.name, each.default),)
        ]


@cache
def _compiled(statement: Executable, dialect: Dialect) -> _CompiledStatement:
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    return _CompiledStatement(
        compiled.string,
        [
            _Parameter(
                name,
                compiled.params[name],
                compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect),
            )
            for name in compiled.positiontup
        ],
    )
