"""The outbox's worker: takes what is due, does it, and sees to it that nothing is given up early.

Any number of workers may run, in any processes. What one has leased, no other gets until the lease
ends; who dies with a lease has only lost time.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.outbox import Job, JobKind
from shop.application.ports.paging import Moment, Page
from shop.application.ports.unit_of_work import StoreFailure, UnitOfWork
from shop.application.transact import Transact

Handler = Callable[[Job], Awaitable[None]]

MAX_JOBS = 128
"""How many jobs a worker has in hand at once: they wait for a gateway beside one another."""

JOB_FAILURES = 50
JOB_TIME = timedelta(hours=6)
"""A job's budget is used up by so many failures and so long: it outlives any shorter outage."""

LONGEST_PAUSE = timedelta(minutes=10)
MAX_LISTED = 1000

_log = logging.getLogger(__name__)


class NotYet(Exception):
    """A job that cannot end now, through no fault: it is tried again, as often as that takes.

    Where a time is named, it is tried then at the latest.
    """

    def __init__(self, *, not_after: datetime | None) -> None:
        super().__init__("nothing is known yet")
        self.not_after = not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTerms:
    """How long a worker may take for a job, and the first pause before it is tried again."""

    lease: timedelta
    retry: timedelta


def is_spent(job: Job) -> bool:
    """Tell whether a leased job may not fail once more: both parts of its budget are used up."""
    # While it is leased, it is due when the lease ends.
    return job.failures + 1 >= JOB_FAILURES and job.due_at - job.created_at >= JOB_TIME


async def end_job(job: Job, uow: UnitOfWork) -> None:
    """End a leased job that has nothing left to do, in a unit of work of its own."""
    uow.outbox.end(job)
    await uow.commit()


class WorkOff:
    """The use case of the worker: does the jobs of those kinds that it has handlers for.

    Kinds that are not to wait for one another are worked off each by one of its own.
    """

    def __init__(
        self,
        transact: Transact,
        clock: Clock,
        terms: JobTerms,
        handlers: Mapping[JobKind, Handler],
    ) -> None:
        self._transact = transact
        self._clock = clock
        self._terms = terms
        self._handlers = handlers
        self._under_way: set[asyncio.Task[None]] = set()

    async def work(self) -> int:
        """Do what is due now, and wait for its end; return how many jobs that were."""
        begun = await self._begin()
        await asyncio.gather(*begun)
        return len(begun)

    async def begin(self) -> int:
        """Begin what is due now, as far as there are hands free; return how many jobs that were.

        Jobs that hang keep no others from being begun while there are hands; where none is free,
        wait for one. A job whose handler fails is tried again after a pause that doubles, and is
        dead once its budget is used up. Raise what the database fails with: what was leased comes
        back by itself.
        """
        return len(await self._begin())

    async def _begin(self) -> list[asyncio.Task[None]]:
        if len(self._under_way) >= MAX_JOBS:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        now = self._clock.now()
        jobs = await self._transact.write(lambda uow: self._lease(uow, now), repeatable=False)
        tasks = [asyncio.create_task(self._do(job)) for job in jobs]
        self._under_way.update(tasks)
        for task in tasks:
            task.add_done_callback(self._under_way.discard)
        return tasks

    async def abandon(self) -> None:
        """Leave what is under way: it is done again by whoever comes next."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def next_due(self) -> datetime | None:
        """Return when the next job is due; None where there is none."""
        return await self._transact.read(lambda uow: uow.outbox.next_due(self._handlers))

    async def _lease(self, uow: UnitOfWork, now: datetime) -> list[Job]:
        until = now + self._terms.lease
        free = MAX_JOBS - len(self._under_way)
        jobs = await uow.outbox.lease(self._handlers, now, until, free)
        await uow.commit()
        return list(jobs)

    async def _do(self, job: Job) -> None:
        try:
            await self._try(job)
        except StoreFailure as failure:
            # Nothing can be noted now. The lease ends by itself.
            _log.warning("job %s of %s: %s", job.id.kind, job.id.subject_id, failure)

    async def _try(self, job: Job) -> None:
        try:
            async with asyncio.timeout(self._terms.lease.total_seconds()):
                await self._handlers[job.id.kind](job)
        except StoreFailure:
            raise
        except NotYet as reason:
            due_at = self._again(job)
            if reason.not_after is not None:
                due_at = min(due_at, reason.not_after)
            await self._note(partial(_postpone, job, due_at, str(reason)))
        except Exception as failure:  # noqa: BLE001  Whatever it is, the job is kept.
            await self._failed(job, failure)

    async def _failed(self, job: Job, failure: Exception) -> None:
        told = f"{type(failure).__name__}: {failure}"
        is_last = is_spent(job)
        job = replace(job, failures=job.failures + 1)
        if is_last:
            _log.error("job %s of %s is dead: %s", job.id.kind, job.id.subject_id, told)
            await self._note(partial(_bury, job, told))
        else:
            _log.warning("job %s of %s failed: %s", job.id.kind, job.id.subject_id, told)
            await self._note(partial(_postpone, job, self._again(job), told))

    async def _note(self, stage: Callable[[UnitOfWork], None]) -> None:
        async def note(uow: UnitOfWork) -> None:
            stage(uow)
            await uow.commit()

        await self._transact.write(note, repeatable=True)

    def _again(self, job: Job) -> datetime:
        doublings = min(job.attempts - 1, 30)
        pause: timedelta = min(self._terms.retry * 2**doublings, LONGEST_PAUSE)
        return self._clock.now() + pause * random.uniform(0.5, 1)


class LookAfterJobs:
    """The operator's use case: see what waits, and have the dead tried again."""

    def __init__(self, transact: Transact, clock: Clock) -> None:
        self._transact = transact
        self._clock = clock

    async def list(self, *, dead_only: bool) -> Sequence[Job]:
        """Return dead jobs, and where wanted the living ones after them, the newest first."""
        page: Page[Moment] = Page(limit=MAX_LISTED, after=None)

        async def search(uow: UnitOfWork) -> Sequence[Job]:
            dead = await uow.outbox.search(page, dead=True)
            if dead_only:
                return dead.items
            return [*dead.items, *(await uow.outbox.search(page, dead=False)).items]

        return await self._transact.read(search)

    async def retry(self) -> int:
        """Make dead jobs due again, at most a thousand at once; return how many."""
        dead = [job.id for job in await self.list(dead_only=True)]

        async def revive(uow: UnitOfWork) -> int:
            revived = await uow.outbox.revive(dead, self._clock.now())
            await uow.commit()
            return revived

        return await self._transact.write(revive, repeatable=True)


def _postpone(job: Job, due_at: datetime, failure: str, uow: UnitOfWork) -> None:
    uow.outbox.postpone(job, due_at, failure)


def _bury(job: Job, failure: str, uow: UnitOfWork) -> None:
    uow.outbox.bury(job, failure)
