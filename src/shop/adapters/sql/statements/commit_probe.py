"""Tries now and then whether PostgreSQL still ends a commit, which may wait for a standby."""

import asyncio
from asyncio import Task
from time import monotonic

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shop.adapters.sql.engines.errors import is_read_only, translating_guarded_errors
from shop.adapters.sql.statements.driver import fetch_from_driver
from shop.application.ports.unit_of_work import (
    ConnectionLost,
    DatabaseFailure,
    DatabaseUnavailable,
)

INTERVAL_SECONDS = 2
"""A shorter time after an attempt, its result stands."""

TIMEOUT_SECONDS = 4

READ_ONLY = (
    "the database is read-only: its address leads to a standby, or to a primary that is one no more"
)

# The lock is written to PostgreSQL's log, so its commit waits for the standby. It is shared by all
# processes, and migrations wait for it only for as long.
_LOCK = text("SELECT version_num FROM alembic_version FOR KEY SHARE")


class CommitProbe:
    """Reports whether a commit ends; an attempt that does not is not cancelled (decision 52)."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._attempt: Task[None] | None = None
        self._next_attempt = 0.0

    async def require_commits(self) -> None:
        """Raise `DatabaseUnavailable` if no commit ends now, or the server is read-only."""
        attempt = self._attempt
        if attempt is None or (attempt.done() and monotonic() >= self._next_attempt):
            attempt = self._attempt = asyncio.create_task(self._commit())
            attempt.add_done_callback(self._end)
        done, _ = await asyncio.wait([attempt], timeout=TIMEOUT_SECONDS)
        if not done:
            raise DatabaseUnavailable(
                f"no commit has ended within {TIMEOUT_SECONDS} seconds; a standby that commits wait"
                " for may be gone"
            )
        attempt.result()

    async def close(self) -> None:
        """Leave an attempt that has not ended to the server."""
        if self._attempt is not None:
            self._attempt.cancel()
            await asyncio.wait([self._attempt])

    def _end(self, attempt: Task[None]) -> None:
        self._next_attempt = monotonic() + INTERVAL_SECONDS
        if not attempt.cancelled():
            # Mark the exception as retrieved, because its caller may have gone.
            attempt.exception()

    async def _commit(self) -> None:
        try:
            with translating_guarded_errors():
                async with self._engine.connect() as connection:
                    await fetch_from_driver(connection, _LOCK, {}, commits=True)
        except ConnectionLost as failure:
            if is_read_only(failure.__cause__):
                raise DatabaseUnavailable(READ_ONLY) from failure
            raise DatabaseUnavailable(f"nothing can be committed: {failure}") from failure
        except DatabaseFailure as failure:
            raise DatabaseUnavailable(f"nothing can be committed: {failure}") from failure
