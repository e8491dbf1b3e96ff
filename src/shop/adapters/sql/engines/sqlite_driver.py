"""The driver's connection to SQLite: a thread of its own, which is visited as rarely as possible.

A visit takes longer than most statements. While the process is busy, each is also a wait for the
interpreter's lock.
"""

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite
from aiosqlite.context import contextmanager

from shop.adapters.sql.engines.move_mark import require_not_moved

T = TypeVar("T")

BEGIN_READING = "BEGIN"

# A BEGIN without the write lock would let another process write between the first read and the
# first write.
BEGIN_WRITING = "BEGIN IMMEDIATE"


class CommitFailed(Exception):
    """COMMIT failed, with an error of SQLite as its cause."""


PRIMARY_CODE = 0xFF
"""The part of SQLite's extended result codes that is the kind of error."""


def is_read_only(error: BaseException) -> bool:
    """Check whether a connection cannot write: it stays so after its file is writable again."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & PRIMARY_CODE == sqlite3.SQLITE_READONLY


class DriverConnection(aiosqlite.Connection):
    """A connection whose transactions begin on the visit of their first statement."""

    def __init__(self, file: str, **options: Any) -> None:  # noqa: ANN401  SQLite's options.
        # The mode keeps SQLite from creating a file that is missing.
        uri = f"{Path(file).as_uri()}?mode=rw"
        super().__init__(partial(sqlite3.connect, uri, uri=True, **options), iter_chunk_size=0)
        # A connection that was not closed must not keep the process running.
        self._thread.daemon = True
        self._begin_with: str | None = None
        self._may_have_begun = False

    def begin(self, statement: str) -> None:
        """Begin a transaction with the next statement."""
        self._begin_with = statement

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work in the connection's thread."""
        if self._begin_with is not None:
            self._may_have_begun = True
            work = partial(self._begin_and_work, self._begin_with, work)
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # The driver has no types here.
        return result

    def _begin_and_work(
        self, begin: str, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection
    ) -> T:
        connection.execute(begin)
        require_not_moved(connection)
        # Not before: after an error the next statement begins, or each would be committed alone.
        self._begin_with = None
        return work(connection)

    async def run_and_commit(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work and COMMIT on one visit; raise `CommitFailed`, or the error of the work."""
        result = await self.run(partial(_work_and_commit, work))
        self._may_have_begun = False
        return result

    async def commit(self) -> None:
        """Commit what has begun."""
        await self._end(super().commit)

    async def rollback(self) -> None:
        """Roll back what has begun."""
        await self._end(super().rollback)

    @contextmanager
    async def cursor(self) -> aiosqlite.Cursor:
        """Return a cursor without a visit."""
        return _Cursor(self)

    async def _end(self, end: Callable[[], Any]) -> None:
        self._begin_with = None
        # Not what SQLite reports: a visit whose caller was cancelled may still be running.
        if self._may_have_begun:
            await end()
            self._may_have_begun = False


class _Cursor(aiosqlite.Cursor):
    """A cursor that opens, executes, fetches and closes on one visit; the driver's takes four."""

    def __init__(self, connection: DriverConnection) -> None:
        super().__init__(connection, cast("sqlite3.Cursor", None))
        self._visited = connection
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        """Run a statement and fetch all its rows."""
        if sql in (BEGIN_READING, BEGIN_WRITING):
            self._visited.begin(sql)
            self._cursor = _NOTHING
        else:
            self._rows = await self._visited.run(partial(self._run, sql, parameters or ()))
        return self

    async def fetchall(self) -> Iterable[Any]:
        """Return the fetched rows."""
        return self._rows

    async def close(self) -> None:
        """Do nothing; the cursor is closed already."""

    def _run(self, sql: str, parameters: Any, connection: sqlite3.Connection) -> list[Any]:  # noqa: ANN401  The driver's.
        self._cursor = connection.execute(sql, parameters)
        rows = self._cursor.fetchall()
        self._cursor.close()
        return rows


def _work_and_commit(work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    result = work(connection)
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise CommitFailed from error
    return result


class _NothingRead:
    """What the driver asks of a cursor whose statement was not sent yet."""

    description = None
    lastrowid = -1
    rowcount = -1


_NOTHING = cast("sqlite3.Cursor", _NothingRead())
