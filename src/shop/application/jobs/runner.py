"""Runs due jobs and retries failed ones.

Any number of workers may run, in any number of processes. A leased job goes to no other worker
until the lease ends, so a worker that dies only delays its jobs.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from shop.application.jobs.retry_policy import (
    MAX_RETRY_DELAY,
    RetryLater,
    RetryPolicy,
    retries_exhausted,
)
from shop.application.ports.clock import Clock
from shop.application.ports.metrics import UNCOUNTED, Metrics
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import DatabaseFailure, UnitOfWork
from shop.application.transactions.runner import TransactionRunner

Handler = Callable[[Job], Awaitable[None]]

EndDead = Callable[[Job, UnitOfWork], Awaitable[None]]
"""Stages what follows from the death of a job, in the same transaction."""

MAX_CONCURRENT_JOBS = 128
"""Jobs mostly wait for the gateway, so one worker runs many at once."""

_log = logging.getLogger(__name__)


async def complete_job(job: Job, uow: UnitOfWork) -> None:
    """Complete a leased job that has nothing left to do, and commit."""
    uow.jobs.complete(job)
    await uow.commit()


class JobRunner:
    """Runs jobs of the kinds that it has handlers for.

    Kinds that must not wait for each other have runners of their own.
    """

    def __init__(
        self,
        transactions: TransactionRunner,
        clock: Clock,
        policy: RetryPolicy,
        handlers: Mapping[JobKind, Handler],
        metrics: Metrics = UNCOUNTED,
        *,
        end_dead: Mapping[JobKind, EndDead] = MappingProxyType({}),
    ) -> None:
        self._metrics = metrics
        self._transactions = transactions
        self._clock = clock
        self._policy = policy
        self._handlers = handlers
        self._end_dead = end_dead
        self._running: set[asyncio.Task[None]] = set()

    async def run_due(self) -> int:
        """Run the due jobs and wait for them; return how many."""
        started = await self._start_due()
        await asyncio.gather(*started)
        return len(started)

    async def start_due(self) -> int:
        """Start due jobs, up to the limit of concurrent ones; return how many.

        Waits for a running job if the limit is reached. A failed job is retried after a delay
        that doubles, and dies once its retries are exhausted. Raises a `DatabaseFailure`; leased
        jobs become due again when their lease ends.
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
        """Cancel running jobs; a worker runs them again when their lease ends."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def next_due(self) -> datetime | None:
        """Return when the next job is due, or None."""
        return await self._transactions.read(self._next_due)

    async def _next_due(self, uow: UnitOfWork) -> datetime | None:
        uow.ask_once()
        return await uow.jobs.next_due(self._handlers)

    async def _lease(self, uow: UnitOfWork, now: datetime) -> list[Job]:
        until = now + self._policy.lease
        free = MAX_CONCURRENT_JOBS - len(self._running)
        jobs = await uow.jobs.lease(self._handlers, now, until, free)
        await uow.commit()
        return list(jobs)

    async def _run(self, job: Job) -> None:
        try:
            outcome = await self._run_handler(job)
        except DatabaseFailure as failure:
            # The failure cannot be recorded now; the job is due again when the lease ends.
            _log.error("job_interrupted", extra=_log_fields(job, str(failure)))
            outcome = "interrupted"
        self._metrics.job_ended(job.id.kind, outcome)

    async def _run_handler(self, job: Job) -> str:
        try:
            async with asyncio.timeout(self._policy.lease.total_seconds()):
                await self._handlers[job.id.kind](job)
        except DatabaseFailure:
            raise
        except RetryLater as reason:
            due_at = self._next_attempt_at(job)
            if reason.not_after is not None:
                due_at = min(due_at, reason.not_after)
            if reason.not_before is not None:
                due_at = max(due_at, reason.not_before)
            await self._reschedule(job, due_at, str(reason))
            return "later"
        except Exception as failure:  # noqa: BLE001  No failure may lose the job.
            return await self._handle_failure(job, failure)
        return "done"

    async def _handle_failure(self, job: Job, error: Exception) -> str:
        error_text = f"{type(error).__name__}: {error}"
        is_last = retries_exhausted(job)
        job = replace(job, failures=job.failures + 1)
        if is_last:
            _log.error("job_dead", extra=_log_fields(job, error_text))
            await self._mark_dead(job, error_text)
            return "dead"
        _log.warning("job_failed", extra=_log_fields(job, error_text))
        await self._reschedule(job, self._next_attempt_at(job), error_text)
        return "failed"

    async def _reschedule(self, job: Job, due_at: datetime, error: str) -> None:
        async def reschedule(uow: UnitOfWork) -> None:
            uow.jobs.reschedule(job, due_at, error)
            await uow.commit()

        await self._transactions.write(reschedule, retryable=True)

    async def _mark_dead(self, job: Job, error: str) -> None:
        async def mark_dead(uow: UnitOfWork) -> None:
            if (end := self._end_dead.get(job.id.kind)) is not None:
                await end(job, uow)
            uow.jobs.mark_dead(job, error)
            await uow.commit()

        await self._transactions.write(mark_dead, retryable=True)

    def _next_attempt_at(self, job: Job) -> datetime:
        doublings = min(job.attempts - 1, 30)
        delay: timedelta = min(self._policy.retry_delay * 2**doublings, MAX_RETRY_DELAY)
        return self._clock.now() + delay * random.uniform(0.5, 1)


def _log_fields(job: Job, error: str) -> Mapping[str, str]:
    return {"job": job.id.kind.value, "subject_id": str(job.id.subject_id), "error": error}
