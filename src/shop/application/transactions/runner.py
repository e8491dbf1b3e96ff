"""Run a unit of work to its end: again where that is safe, and whoever stops waiting for it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
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

MAX_ATTEMPTS = 16
FIRST_DELAY_SECONDS = 0.01
MAX_DELAY_SECONDS = 0.5

_log = logging.getLogger(__name__)


@contextmanager
def after_commit() -> Iterator[None]:
    """Report the failure of a later step as `CommitOutcomeUnknown`.

    `DatabaseUnavailable` promises that nothing was changed. Once an earlier step of the same
    command was committed, that is no longer true: repeating the command shows how it ended. An
    error that is a bug is logged here, because its caller is only told of an unknown outcome.
    """
    message = "a step after the first commit failed"
    try:
        yield
    except (ShopError, CommitOutcomeUnknown):
        raise
    except DatabaseFailure as failure:
        raise CommitOutcomeUnknown(f"{message}: {failure}") from failure
    except Exception as error:
        _log.exception("step_after_commit_failed")
        raise CommitOutcomeUnknown(message) from error


class TransactionRunner:
    """Runs units of work by the retry table of the protocol.

    What certainly changed nothing is run again after a pause of random length ("full jitter"), a
    bounded number of times. What may have been committed is run again only where the work says
    that it can tell: its idempotency key, or an id that it fixed beforehand, decides.
    """

    def __init__(
        self,
        new_unit_of_work: UnitOfWorkFactory,
        new_snapshot: UnitOfWorkFactory,
        clock: Clock,
    ) -> None:
        self._new_unit_of_work = new_unit_of_work
        self._new_snapshot = new_snapshot
        self._clock = clock
        self._running: set[asyncio.Task[Any]] = set()

    async def write(self, work: Work[T], *, retryable: bool, splittable: bool = False) -> T:
        """Return what the work returns, which commits as the last thing that it does.

        A caller that is cancelled leaves; the work goes on. Raise `DatabaseUnavailable` where
        nothing was changed and trying again did not help, `CommitOutcomeUnknown` where that cannot
        be told; and where the caller could divide the work, `TransactionConflict` instead of trying
        all of it again.
        """
        task = asyncio.ensure_future(
            self._run_with_retries(
                self._new_unit_of_work, work, retryable=retryable, splittable=splittable
            )
        )
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    async def read(self, work: Work[T]) -> T:
        """Return what the work finds in one consistent state of everything, changing nothing."""
        return await self._run_with_retries(
            self._new_snapshot, work, retryable=True, splittable=False
        )

    async def drain(self) -> None:
        """Wait until everything that was begun has ended."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run_with_retries(
        self,
        new_unit_of_work: UnitOfWorkFactory,
        work: Work[T],
        *,
        retryable: bool,
        splittable: bool,
    ) -> T:
        unknown_outcome: CommitOutcomeUnknown | None = None
        failure: DatabaseFailure | None = None
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return await _run_once(new_unit_of_work, work)
            except TransientFailure as interruption:
                failure = interruption
                if (
                    splittable
                    and unknown_outcome is None
                    and isinstance(failure, TransactionConflict)
                ):
                    raise
                _log.info("unit of work interrupted, attempt %d: %s", attempt, failure)
            except CommitOutcomeUnknown as error:
                failure = unknown_outcome = error
                _log.warning("commit unanswered, attempt %d: %s", attempt, failure)
                if not retryable:
                    raise
            except ShopError:
                # Whatever was committed, this is how things stand.
                raise
            except Exception as error:
                if unknown_outcome is None:
                    raise
                # That this attempt changed nothing tells nothing about one before.
                raise unknown_outcome from error
            if attempt < MAX_ATTEMPTS:
                await self._clock.sleep(_delay_seconds(attempt))
        raise unknown_outcome or DatabaseUnavailable(
            f"given up after {MAX_ATTEMPTS} attempts: {failure}"
        )

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            # Whoever still waits gets the exception; marking it as seen keeps the event loop from
            # reporting those that nobody waits for any more as never retrieved.
            task.exception()


async def _run_once(new_unit_of_work: UnitOfWorkFactory, work: Work[T]) -> T:
    async with new_unit_of_work() as uow:
        return await work(uow)


def _delay_seconds(attempt: int) -> float:
    max_delay = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2**attempt)
    return random.uniform(0, max_delay)
