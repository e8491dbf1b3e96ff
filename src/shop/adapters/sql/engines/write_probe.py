"""Tries a small write now and then, because only a write shows whether orders can be stored."""

import asyncio
import os
import sqlite3
from asyncio import Task
from collections.abc import Callable
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from shop.adapters.sql.engines.sqlite import SqliteEngines
from shop.application.ports.unit_of_work import DatabaseFailure, DatabaseUnavailable

INTERVAL_SECONDS = 2
"""A shorter time after a commit or a failed attempt, the database is not tried again."""

TIMEOUT_SECONDS = 4
MIN_FREE_BYTES = 1024 * 1024


class WriteProbe:
    """Reports whether a transaction can be committed to a SQLite file.

    Orders that are committed show it as well, so a busy shop is not probed.
    """

    def __init__(self, engines: SqliteEngines, write: Callable[[sqlite3.Connection], None]) -> None:
        self._engines = engines
        self._small_write = write
        self._attempt: Task[None] | None = None
        self._next_attempt = 0.0

    async def require_writable(self) -> None:
        """Raise `DatabaseUnavailable` if nothing can be committed now."""
        committed_at = self._engines.file.committed_at
        if committed_at is not None and monotonic() - committed_at < INTERVAL_SECONDS:
            return
        # An attempt can wait for a lock for longer than its caller.
        done, _ = await asyncio.wait([self._current_attempt()], timeout=TIMEOUT_SECONDS)
        if not done:
            raise DatabaseUnavailable(f"no write ended within {TIMEOUT_SECONDS} seconds")
        for attempt in done:
            attempt.result()

    async def close(self) -> None:
        """Wait for a running attempt."""
        if self._attempt is not None:
            await asyncio.wait([self._attempt])

    def _current_attempt(self) -> Task[None]:
        attempt = self._attempt
        if attempt is None or (attempt.done() and monotonic() >= self._next_attempt):
            attempt = self._attempt = asyncio.create_task(self._write())
            attempt.add_done_callback(self._end)
        return attempt

    def _end(self, attempt: Task[None]) -> None:
        self._next_attempt = monotonic() + INTERVAL_SECONDS
        if not attempt.cancelled():
            # Mark the exception as retrieved, because its caller may have gone.
            attempt.exception()

    async def _write(self) -> None:
        try:
            file_system = os.statvfs(self._engines.file.path.parent)
            if file_system.f_bavail * file_system.f_frsize < MIN_FREE_BYTES:
                raise DatabaseUnavailable("the disk is full")
            await self._engines.run_in_transaction(self._small_write)
        except DatabaseFailure as failure:
            raise DatabaseUnavailable(str(failure)) from failure
        except (SQLAlchemyError, sqlite3.Error, OSError) as failure:
            raise DatabaseUnavailable(f"the database cannot be written: {failure}") from failure
