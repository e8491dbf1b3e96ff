"""Runs units of work, and retries them if that is safe."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import (
    GUARDED_SECONDS,
    CommitOutcomeUnknown,
    ConnectionLost,
    DatabaseFailure,
    DatabaseUnavailable,
    TransactionConflict,
    TransientFailure,
    UnitOfWork,
    UnitOfWorkFactory,
)
from shop.domain.shared.errors import ShopError

T = TypeVar("T")
Work = Callable[[UnitOfWork], Awaitable[T]]

GUARDED = 0
"""The number of the attempt without locks; the next one follows at once, and takes them."""

MAX_ATTEMPTS = 16
FIRST_DELAY_SECONDS = 0.01
MAX_DELAY_SECONDS = 0.5

_log = logging.getLogger(__name__)


@contextmanager
def after_commit() -> Iterator[None]:
    """Report the failure of a later step as `CommitOutcomeUnknown`.

    `DatabaseUnavailable` promises that nothing was changed. Once an earlier step of the same
    command was committed, that is no longer true: repeating the command shows how it ended. An
    error that is a bug is logged here, because its caller learns only of an unknown outcome.
    """
    try:
        yield
    except (ShopError, CommitOutcomeUnknown):
        raise
    except Exception as error:
        _log_bug("step_after_commit_failed", error)
        raise CommitOutcomeUnknown(f"a step after the first commit failed: {error}") from error


@contextmanager
def best_effort(event: str) -> Iterator[None]:
    """Log a failure of the database in a step that does not change the result of its command."""
    try:
        yield
    except DatabaseFailure as error:
        _log.warning(event, extra={"error": str(error)})


class TransactionRunner:
    """Runs and retries units of work.

    An attempt that certainly changed nothing is repeated after a random delay ("full jitter"), a
    bounded number of times. One that may have been committed is repeated only if the work is
    retryable: by its idempotency key, or an id fixed beforehand, it finds an earlier commit.

    Guarded work is tried first without locks; if a guard does not hold, it is run with them.
    """

    def __init__(
        self,
        new_unit_of_work: UnitOfWorkFactory,
        new_snapshot: UnitOfWorkFactory,
        clock: Clock,
        new_guarded_unit_of_work: UnitOfWorkFactory | None = None,
    ) -> None:
        self._new_guarded_unit_of_work = new_guarded_unit_of_work
        self._new_unit_of_work = new_unit_of_work
        self._new_snapshot = new_snapshot
        self._clock = clock
        self._running: set[asyncio.Task[Any]] = set()
        self.pending = 0
        """How many units of work run, or wait for a connection or their next attempt."""

    async def write(
        self, work: Work[T], *, retryable: bool, splittable: bool = False, guarded: bool = False
    ) -> T:
        """Run work that commits as its last step, and return its result.

        The work goes on if the caller is cancelled. Raise `DatabaseUnavailable` if nothing was
        changed and retries failed, `CommitOutcomeUnknown` if the work may have been committed, and
        `TransactionConflict` at once if the caller can split the work.
        """
        task = asyncio.ensure_future(
            self._counted(
                self._run_with_retries(
                    self._new_unit_of_work,
                    work,
                    retryable=retryable,
                    splittable=splittable,
                    new_guarded=self._new_guarded_unit_of_work if guarded else None,
                )
            )
        )
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def read(self, work: Work[T]) -> T:
        """Run work that only reads, on one consistent snapshot, and return its result."""
        return await self._counted(
            self._run_with_retries(self._new_snapshot, work, retryable=True, splittable=False)
        )

    async def drain(self) -> None:
        """Wait until all running work has ended."""
        while self._running:
            await asyncio.wait(self._running)

    async def _counted(self, unit_of_work: Awaitable[T]) -> T:
        self.pending += 1
        try:
            return await unit_of_work
        finally:
            self.pending -= 1

    async def _run_with_retries(
        self,
        new_unit_of_work: UnitOfWorkFactory,
        work: Work[T],
        *,
        retryable: bool,
        splittable: bool,
        new_guarded: UnitOfWorkFactory | None = None,
    ) -> T:
        unknown_outcome: CommitOutcomeUnknown | None = None
        failure: DatabaseFailure | None = None
        for attempt in range(GUARDED if new_guarded else 1, MAX_ATTEMPTS + 1):
            new = new_guarded if new_guarded and attempt == GUARDED else new_unit_of_work
            try:
                return await _run_once(new, work)
            except TransientFailure as error:
                failure = error
                if (
                    splittable
                    and attempt > GUARDED
                    and unknown_outcome is None
                    and isinstance(failure, TransactionConflict)
                ):
                    raise
                level = _level_of(failure, attempt)
                _log_failure(level, "unit_of_work_interrupted", attempt, failure)
            except CommitOutcomeUnknown as error:
                failure = unknown_outcome = error
                _log_failure(logging.ERROR, "commit_outcome_unknown", attempt, failure)
                if not retryable:
                    raise
            except ShopError:
                # Decided on committed data, so it is right whether or not an attempt was committed.
                raise
            except Exception as error:
                if unknown_outcome is None:
                    raise
                # This attempt changed nothing, but an earlier one may have been committed.
                _log_bug("attempt_after_unknown_outcome_failed", error)
                raise unknown_outcome from error
            if attempt < MAX_ATTEMPTS:
                await self._clock.sleep(_delay_seconds(attempt, failure))
        raise unknown_outcome or DatabaseUnavailable(
            f"{MAX_ATTEMPTS} attempts failed; last error: {failure}"
        )

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Mark the exception as retrieved: after the caller was cancelled, the event loop would
            # report it.
            task.exception()


def _log_bug(event: str, error: Exception) -> None:
    # The caller learns only that the outcome is unknown.
    if not isinstance(error, DatabaseFailure):
        _log.error(event, exc_info=error)


async def _run_once(new_unit_of_work: UnitOfWorkFactory, work: Work[T]) -> T:
    async with new_unit_of_work() as uow:
        return await work(uow)


def _level_of(failure: TransientFailure, attempt: int) -> int:
    if isinstance(failure, ConnectionLost):
        return logging.ERROR
    # Conflicts are part of normal operation, and what needs locks is tried without them first.
    return logging.DEBUG if attempt == GUARDED else logging.INFO


def _log_failure(level: int, event: str, attempt: int, error: DatabaseFailure) -> None:
    _log.log(level, event, extra={"attempt": attempt, "error": str(error)})


def _delay_seconds(attempt: int, failure: DatabaseFailure) -> float:
    if attempt == GUARDED:
        # From then on, an attempt whose outcome is unknown can no longer be committed.
        return GUARDED_SECONDS if isinstance(failure, CommitOutcomeUnknown) else 0
    max_delay = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**attempt)
    return random.uniform(0, max_delay)
