"""Lists jobs and retries dead ones, for the operator."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner

MAX_LISTED = 1000


class JobService:
    """Lists jobs and retries dead ones."""

    def __init__(self, transactions: TransactionRunner, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def list(self, *, dead_only: bool) -> Sequence[Job]:
        """Return dead jobs, then the others unless `dead_only`; newest first."""
        page: PageRequest[TimeCursor] = PageRequest(limit=MAX_LISTED, after=None)

        async def search(uow: UnitOfWork) -> Sequence[Job]:
            dead = await uow.jobs.search(page, dead=True)
            if dead_only:
                return dead.items
            return [*dead.items, *(await uow.jobs.search(page, dead=False)).items]

        return await self._transactions.read(search)

    async def retry_dead(self) -> int:
        """Make up to a thousand dead jobs due again; return how many."""
        dead = [job.id for job in await self.list(dead_only=True)]

        async def retry_dead(uow: UnitOfWork) -> int:
            count = await uow.jobs.retry(dead, self._clock.now())
            await uow.commit()
            return count

        return await self._transactions.write(retry_dead, retryable=True)

    async def restart_overdue(self) -> int:
        """Let overdue jobs be due from now on, in a restored shop that no worker could serve.

        Return how many there were.
        """
        page: PageRequest[TimeCursor] | None = PageRequest(limit=MAX_LISTED, after=None)
        total = 0
        while page is not None:
            now = self._clock.now()
            found = await self._transactions.read(partial(_search_waiting, page))
            overdue = [job for job in found.items if job.due_at < now]
            await self._transactions.write(partial(_reschedule, overdue, now), retryable=True)
            total += len(overdue)
            after = found.next
            page = None if after is None else PageRequest(limit=MAX_LISTED, after=after)
        return total

    async def oldest_due_age(self) -> timedelta:
        """Return for how long the oldest due job is due; zero if none is."""
        due_at = await self._transactions.read(lambda uow: uow.jobs.next_due(tuple(JobKind)))
        return timedelta() if due_at is None else max(self._clock.now() - due_at, timedelta())


async def _search_waiting(page: PageRequest[TimeCursor], uow: UnitOfWork) -> Page[Job, TimeCursor]:
    return await uow.jobs.search(page, dead=False)


async def _reschedule(jobs: Sequence[Job], at: datetime, uow: UnitOfWork) -> None:
    for job in jobs:
        uow.jobs.reschedule(job, at, job.last_error or "")
    await uow.commit()
