"""Runs the statements of one transaction in SQLite, as many as possible on one visit."""

import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shop.adapters.sql.engines.errors import translating_commit_errors, translating_errors
from shop.adapters.sql.engines.sqlite_driver import CommitFailed, DriverConnection, is_read_only
from shop.adapters.sql.read_ahead.connection import AnsweringConnection
from shop.adapters.sql.read_ahead.rows import RowsReadAhead
from shop.adapters.sql.read_ahead.wanted import ReadAhead
from shop.adapters.sql.sqlite.read_ahead import (
    READABLE,
    reading_parameters,
    reading_statement,
    rows_of,
)
from shop.adapters.sql.sqlite.statements import (
    Prepared,
    prepared,
    prepared_write,
)
from shop.adapters.sql.statements.named_rows import RawRows
from shop.adapters.sql.statements.row_parameters import ROWS, RowParameters
from shop.adapters.sql.statements.writes import PendingWrite, single_statement
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted

T = TypeVar("T")

Observer = Callable[[str, Mapping[str, Any]], None]


class SqliteConnection(AnsweringConnection):
    """Runs prepared statements itself; the first begins the transaction, and writes commit it."""

    def __init__(
        self, connection: AsyncConnection, row_parameters: RowParameters, *, writing: bool
    ) -> None:
        super().__init__(connection, row_parameters, writing=writing)
        raw_connection = connection.sync_connection.connection  # type: ignore[union-attr]  # It was opened.
        self._driver = cast("DriverConnection", raw_connection.driver_connection)

    async def read_ahead(
        self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]
    ) -> None:
        """Read what is wanted on one visit; `tokens` are its sessions', by stored hash."""
        read_ahead = ReadAhead(wanted, tokens)
        tables = tuple(each for each in read_ahead.tables if each in READABLE)
        documents: Sequence[str] = ()
        if tables:
            ((documents,),) = await self._fetch(
                [reading_statement(tables)], reading_parameters(read_ahead)
            )
        self._read = RowsReadAhead(read_ahead, rows_of(tables, documents))

    async def fetch_prepared(
        self, statement: Executable, parameters: Mapping[str, Any]
    ) -> Sequence[Row[Any]]:
        """Return all rows of a query that is a constant."""
        query = prepared(statement)
        if query is None:
            return await self.fetch_all(statement, parameters)
        (rows,) = await self._fetch([query], parameters)
        return rows

    async def commit(self, writes: Sequence[PendingWrite]) -> None:
        """Run the writes and COMMIT on one visit."""
        bound = [
            (
                write,
                prepared_write(single_statement(write.statement, self.row_parameters)),
                self.row_parameters.bind_rows(write.statement.columns, ROWS, write.rows),
            )
            for write in writes
        ]
        write_all = partial(_write_all, self._observer(), bound)
        with translating_commit_errors():
            try:
                with translating_errors():
                    await self._visit(self._driver.run_and_commit(write_all))
            except CommitFailed as failure:
                raise _as_sqlalchemy(cast("sqlite3.Error", failure.__cause__)) from failure

    async def _fetch(
        self, queries: Collection[Prepared], parameters: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        fetch = partial(_fetch_all, self._observer(), queries, parameters)
        with translating_errors():
            results = await self._visit(self._driver.run(fetch))
        return [query.to_rows(rows) for query, rows in zip(queries, results, strict=True)]

    async def _visit(self, visit: Awaitable[T]) -> T:
        try:
            return await visit
        except sqlite3.Error as error:
            if is_read_only(error):
                await self._connection.invalidate()
            raise _as_sqlalchemy(error) from error

    def _observer(self) -> Observer:
        """Return what reports a statement to those who observe SQLAlchemy's."""
        connection = self._connection.sync_connection
        observers = connection.dispatch.before_cursor_execute  # type: ignore[union-attr]  # As above.

        def report(text: str, parameters: Mapping[str, Any]) -> None:
            for observe in observers:
                observe(connection, None, text, parameters, None, False)

        return report


def _fetch_all(
    report: Observer,
    queries: Collection[Prepared],
    parameters: Mapping[str, Any],
    connection: sqlite3.Connection,
) -> Sequence[RawRows]:
    return [_execute(report, each, parameters, connection).fetchall() for each in queries]


def _write_all(
    report: Observer,
    writes: Sequence[tuple[PendingWrite, Prepared, Mapping[str, Any]]],
    connection: sqlite3.Connection,
) -> None:
    for write, statement, parameters in writes:
        write.require_complete(_execute(report, statement, parameters, connection).rowcount)


def _execute(
    report: Observer,
    statement: Prepared,
    parameters: Mapping[str, Any],
    connection: sqlite3.Connection,
) -> sqlite3.Cursor:
    report(statement.text, parameters)
    return connection.execute(statement.text, {**statement.constants, **parameters})


def _as_sqlalchemy(error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance(
        None,
        None,
        error,
        sqlite3.Error,
        hide_parameters=True,  # Errors are logged.
    )
