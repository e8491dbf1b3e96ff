"""The outbox's worker: takes what is due, does it, and sees to it that nothing is given up early.

Any number of workers may run, in any processes. What one has leased, no other gets until the lease
ends; who dies with a lease has only lost time.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from shop.application.jobs.retry_policy import (
    MAX_RETRY_DELAY,
    RetryLater,
    RetryPolicy,
    retries_exhausted,
)
from shop.application.ports.clock import Clock
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import DatabaseFailure, UnitOfWork
from shop.application.transactions.runner import TransactionRunner

Handler = Callable[[Job], Awaitable[None]]

MAX_CONCURRENT_JOBS = 128
"""How many jobs a worker has in hand at once: they wait for a gateway beside one another."""


_log = logging.getLogger(__name__)


async def complete_job(job: Job, uow: UnitOfWork) -> None:
    """End a leased job that has nothing left to do, in a unit of work of its own."""
    uow.jobs.complete(job)
    await uow.commit()


class JobRunner:
    """The use case of the worker: does the jobs of those kinds that it has handlers for.

    Kinds that are not to wait for one another are worked off each by one of its own.
    """

    def __init__(
        self,
        transactions: TransactionRunner,
        clock: Clock,
        policy: RetryPolicy,
        handlers: Mapping[JobKind, Handler],
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._policy = policy
        self._handlers = handlers
        self._running: set[asyncio.Task[None]] = set()

    async def run_due(self) -> int:
        """Do what is due now, and wait for its end; return how many jobs that were."""
        started = await self._start_due()
        await asyncio.gather(*started)
        return len(started)

    async def start_due(self) -> int:
        """Begin what is due now, as far as there are hands free; return how many jobs that were.

        Jobs that hang keep no others from being begun while there are hands; where none is free,
        wait for one. A job whose handler fails is tried again after a pause that doubles, and is
        dead once its budget is used up. Raise what the database fails with: what was leased comes
        back by itself.
        """
        return len(await self._start_due())

    async def _start_due(self) -> list[asyncio.Task[None]]:
        if len(self._running) >= MAX_CONCURRENT_JOBS:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        now = self._clock.now()
        jobs = await self._transactions.write(lambda uow: self._lease(uow, now), retryable=False)
        tasks = [asyncio.create_task(self._run(job)) for job in jobs]
        self._running.update(tasks)
        for task in tasks:
            task.add_done_callback(self._running.discard)
        return tasks

    async def cancel_running(self) -> None:
        """Leave what is under way: it is done again by whoever comes next."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def next_due(self) -> datetime | None:
        """Return when the next job is due; None where there is none."""
        return await self._transactions.read(lambda uow: uow.jobs.next_due(self._handlers))

    async def _lease(self, uow: UnitOfWork, now: datetime) -> list[Job]:
        until = now + self._policy.lease
        free = MAX_CONCURRENT_JOBS - len(self._running)
        jobs = await uow.jobs.lease(self._handlers, now, until, free)
        await uow.commit()
        return list(jobs)

    async def _run(self, job: Job) -> None:
        try:
            await self._run_handler(job)
        except DatabaseFailure as failure:
            # Nothing can be noted now. The lease ends by itself.
            _log.warning("job %s of %s: %s", job.id.kind, job.id.subject_id, failure)

    async def _run_handler(self, job: Job) -> None:
        try:
            async with asyncio.timeout(self._policy.lease.total_seconds()):
                await self._handlers[job.id.kind](job)
        except DatabaseFailure:
            raise
        except RetryLater as reason:
            due_at = self._next_attempt_at(job)
            if reason.not_after is not None:
                due_at = min(due_at, reason.not_after)
            await self._record(partial(_reschedule, job, due_at, str(reason)))
        except Exception as failure:  # noqa: BLE001  Whatever it is, the job is kept.
            await self._handle_failure(job, failure)

    async def _handle_failure(self, job: Job, error: Exception) -> None:
        error_text = f"{type(error).__name__}: {error}"
        is_last = retries_exhausted(job)
        job = replace(job, failures=job.failures + 1)
        if is_last:
            _log.error("job %s of %s is dead: %s", job.id.kind, job.id.subject_id, error_text)
            await self._record(partial(_mark_dead, job, error_text))
        else:
            _log.warning("job %s of %s failed: %s", job.id.kind, job.id.subject_id, error_text)
            await self._record(partial(_reschedule, job, self._next_attempt_at(job), error_text))

    async def _record(self, stage: Callable[[UnitOfWork], None]) -> None:
        async def record(uow: UnitOfWork) -> None:
            stage(uow)
            await uow.commit()

        await self._transactions.write(record, retryable=True)

    def _next_attempt_at(self, job: Job) -> datetime:
        doublings = min(job.attempts - 1, 30)
        delay: timedelta = min(self._policy.retry_delay * 2**doublings, MAX_RETRY_DELAY)
        return self._clock.now() + delay * random.uniform(0.5, 1)


def _reschedule(job: Job, due_at: datetime, error: str, uow: UnitOfWork) -> None:
    uow.jobs.reschedule(job, due_at, error)


def _mark_dead(job: Job, error: str, uow: UnitOfWork) -> None:
    uow.jobs.mark_dead(job, error)
