"""Creates engines for SQLite: one connection that writes, several that read."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar, cast

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExceptionContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shop.adapters.sql.engines.sqlite_driver import (
    BEGIN_READING,
    BEGIN_WRITING,
    DriverConnection,
    is_read_only,
)
from shop.adapters.sql.engines.sqlite_file import SqliteFile
from shop.application.ports.unit_of_work import DatabaseUnavailable

T = TypeVar("T")

READERS = 4
POOL_TIMEOUT_SECONDS = 10
BUSY_TIMEOUT_SECONDS = 10
BUSY_PAUSE_SECONDS = 0.005

LOG_LIMIT_BYTES = 16 * 1024 * 1024
LOG_LIMIT_PAGES = 4000
"""A group of orders changes some hundred pages. A checkpoint writes each page once, however often
the log has it."""

CHECKPOINT_TIMEOUT_MS = 100
CHECKPOINT_INTERVAL_SECONDS = 1

# Every COMMIT reaches the disk, and readers do not wait for the writer.
PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "journal_size_limit": LOG_LIMIT_BYTES,
    "wal_autocheckpoint": LOG_LIMIT_PAGES,
}

_log = logging.getLogger(__name__)


class SqliteEngines:
    """The engines of one file, for writing and reading, and the watch over the file."""

    def __init__(self, path: Path) -> None:
        self.file = SqliteFile(path)
        self.writer = _create_engine(self.file, connections=1, begin=BEGIN_WRITING, pragmas=PRAGMAS)
        self.reader = _create_engine(
            self.file,
            connections=READERS,
            begin=BEGIN_READING,
            pragmas={**PRAGMAS, "query_only": "ON"},
        )
        self._checkpoint: asyncio.Task[None] | None = None
        self._next_checkpoint = 0.0

    async def require_unchanged(self) -> None:
        """Raise `DatabaseUnavailable` unless the file is the one that was opened.

        If it is not, its log is written into the opened file once, wherever that is. The log would
        otherwise be lost, or be applied to another file.
        """
        try:
            self.file.require_unchanged()
        except DatabaseUnavailable:
            if self.file.take_unsaved_log():
                await self._write_log("TRUNCATE")
            raise

    def require_committed(self) -> None:
        """Raise `CommitOutcomeUnknown` unless the file is still the one that was opened.

        Starts a checkpoint if the log has become long: SQLite's own checkpoints never end a log
        that there is always a reader of. The next log overwrites it, and shortens it to its limit.
        """
        self.file.require_committed()
        if self.file.log_bytes > LOG_LIMIT_BYTES and monotonic() >= self._next_checkpoint:
            self._next_checkpoint = monotonic() + CHECKPOINT_INTERVAL_SECONDS
            self._checkpoint = asyncio.create_task(self._write_log("RESTART"))

    async def run_in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work in one transaction and return its result, once that is committed.

        All of it happens on one visit to the connection's thread, however many statements it has.
        """
        await self.require_unchanged()
        result = await self._run(partial(_commit, work))
        self.require_committed()
        return result

    async def close(self) -> None:
        """Write the log into the file and close all connections."""
        if self._checkpoint is not None:
            await asyncio.wait([self._checkpoint])
        with suppress(DatabaseUnavailable):
            await self.require_unchanged()
        # The last connection to close moves the log into the file, which a reader must not.
        await self.reader.dispose()
        await self.writer.dispose()

    async def _write_log(self, mode: str) -> None:
        """Move the log into the file and end it, unless a reader takes long."""
        if not self.file.is_open:
            return
        try:
            await self._run(partial(_checkpoint, mode))
        except (SQLAlchemyError, sqlite3.Error, DatabaseUnavailable) as failure:
            _log.error("database_checkpoint_failed", extra={"error": str(failure)})

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        async with self.writer.connect() as connection:
            raw_connection = await connection.get_raw_connection()
            driver_connection = cast("DriverConnection", raw_connection.driver_connection)
            return await driver_connection.run(work)


def _commit(work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    connection.execute(BEGIN_WRITING)
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        # Some errors have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _checkpoint(mode: str, connection: sqlite3.Connection) -> None:
    # Writers wait for as long as this waits for readers.
    connection.execute(f"PRAGMA busy_timeout={CHECKPOINT_TIMEOUT_MS}")
    try:
        connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")


def _create_engine(
    file: SqliteFile, *, connections: int, begin: str, pragmas: Mapping[str, object]
) -> AsyncEngine:
    created = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(file.path)),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        # Errors are logged, and must not contain rows.
        hide_parameters=True,
        connect_args={
            "async_creator_fn": DriverConnection,
            # The driver's implicit transactions lose updates.
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT_SECONDS,
        },
    )

    @event.listens_for(created.sync_engine, "do_connect")
    def require_unchanged(*_: object) -> None:
        file.require_unchanged()

    @event.listens_for(created.sync_engine, "close")
    def remove_connection(connection: DBAPIConnection, _: object) -> None:
        file.remove_connection(connection)

    @event.listens_for(created.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        for name, value in pragmas.items():
            _run_pragma(cursor, f"PRAGMA {name}={value}")
        # The first read opens the log.
        cursor.execute("PRAGMA schema_version")
        cursor.close()
        file.add_connection(connection)

    @event.listens_for(created.sync_engine, "handle_error")
    def drop_read_only_connections(failure: ExceptionContext) -> None:
        if is_read_only(failure.original_exception):
            failure.is_disconnect = True

    @event.listens_for(created.sync_engine, "begin")
    def begin_explicitly(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return created


def _run_pragma(cursor: DBAPICursor, pragma: str) -> None:
    # If several processes switch a new file to WAL at once, SQLite detects the deadlock and
    # reports a locked file without waiting, so retry here.
    deadline = monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as failure:
            if failure.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            time.sleep(BUSY_PAUSE_SECONDS)
        else:
            return
