"""Creates engines for SQLite: one connection that writes, several that read."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, cast

import aiosqlite
from aiosqlite.context import contextmanager
from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

T = TypeVar("T")

READERS = 4
POOL_TIMEOUT_SECONDS = 10
BUSY_TIMEOUT_SECONDS = 10
BUSY_PAUSE_SECONDS = 0.005

# Every COMMIT reaches the disk, and readers do not wait for the writer.
PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON"}


def create_writer(url: URL) -> AsyncEngine:
    """Create an engine with one connection that takes the write lock when it begins.

    Otherwise another process could write between its first read and its first write.
    """
    return _create_engine(url, connections=1, begin="BEGIN IMMEDIATE", pragmas=PRAGMAS)


def create_reader(url: URL) -> AsyncEngine:
    """Create an engine with read-only connections."""
    pragmas = {**PRAGMAS, "query_only": "ON"}
    return _create_engine(url, connections=READERS, begin="BEGIN", pragmas=pragmas)


async def run_in_transaction(writer: AsyncEngine, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run work in one transaction and return its result, once that is committed.

    All of it happens on one visit to the connection's thread, however many statements it has.
    """
    async with writer.connect() as connection:
        raw_connection = await connection.get_raw_connection()
        driver_connection = cast("_Connection", raw_connection.driver_connection)
        return await driver_connection.run(partial(_commit, work))


def _commit(work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        # Some errors have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _create_engine(
    url: URL, *, connections: int, begin: str, pragmas: Mapping[str, str]
) -> AsyncEngine:
    created = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and must not contain rows.
        hide_parameters=True,
        connect_args={
            "async_creator_fn": _Connection,
            # The driver's implicit transactions lose updates.
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_SECONDS,
        },
    )

    @event.listens_for(created.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for name, value in pragmas.items():
            _run_pragma(cursor, f"PRAGMA {name}={value}")
        cursor.close()

    @event.listens_for(created.sync_engine, "begin")
    def begin_explicitly(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return created


def _run_pragma(cursor: DBAPICursor, pragma: str) -> None:
    # If several processes switch a new file to WAL at once, SQLite detects the deadlock and
    # reports a locked file without waiting, so retry here.
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as failure:
            if failure.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(BUSY_PAUSE_SECONDS)
        else:
            return


class _Connection(aiosqlite.Connection):
    """A connection that switches to its thread once for each statement.

    The switch takes longer than most statements. The driver's own cursor switches four times: to
    open, execute, fetch and close.
    """

    def __init__(self, file: str, **options: Any) -> None:  # noqa: ANN401  SQLite's options.
        super().__init__(partial(sqlite3.connect, file, **options), iter_chunk_size=0)
        # A connection that was not closed must not keep the process running.
        self._thread.daemon = True

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work in the connection's thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # As below.
        return result

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """Return a cursor without switching threads."""
        return _Cursor(self, self._conn)


class _Cursor(aiosqlite.Cursor):
    """A cursor that opens, executes, fetches and closes in one switch of threads."""

    def __init__(self, connection: _Connection, sqlite: sqlite3.Connection) -> None:
        super().__init__(connection, cast("sqlite3.Cursor", None))
        self._sqlite = sqlite
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        """Run a statement and fetch all its rows."""
        self._rows = await self._execute(self._run, sql, parameters or ())  # type: ignore[no-untyped-call]  # The driver has no types here.
        return self

    async def fetchall(self) -> Iterable[Any]:
        """Return the fetched rows."""
        return self._rows

    async def close(self) -> None:
        """Do nothing; the cursor is closed already."""

    def _run(self, sql: str, parameters: Any) -> list[Any]:  # noqa: ANN401  As above.
        self._cursor = self._sqlite.execute(sql, parameters)
        rows = self._cursor.fetchall()
        self._cursor.close()
        return rows
