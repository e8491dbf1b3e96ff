"""The worker's hands: what hangs keeps nothing else from being begun."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.jobs.retry_policy import RetryPolicy
from shop.application.jobs.runner import MAX_CONCURRENT_JOBS, JobRunner
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from tests.factories import NOW, an_id
from tests.unit.application.memory_shop import MemoryShop

pytestmark = pytest.mark.anyio

TERMS = RetryPolicy(lease=timedelta(seconds=60), retry_delay=timedelta(seconds=5))
SOON = timedelta(seconds=30)


class Hands:
    """A worker of jobs that hang until they are let go, and of others that do not."""

    def __init__(self, shop: MemoryShop) -> None:
        self._shop = shop
        self.done: list[str] = []
        self.let_go = asyncio.Event()
        self.work_off = JobRunner(
            shop.container.transaction_runner(),
            shop.clock,
            TERMS,
            {JobKind.REVERSE_PAYMENT: self._hang, JobKind.CAPTURE_PAYMENT: self._do},
        )

    async def leave(self, kind: JobKind, *names: str) -> None:
        """Leave jobs to be done now."""

        async def leave(uow: UnitOfWork) -> None:
            for name in names:
                uow.jobs.add(Job.new(kind, an_id(name), at=NOW, due_at=NOW))
            await uow.commit()

        await self._shop.container.transaction_runner().write(leave, retryable=True)

    async def _hang(self, job: Job) -> None:
        await self.let_go.wait()
        await self._do(job)

    async def _do(self, job: Job) -> None:
        self.done.append(job.id.kind)
        await self._shop.container.transaction_runner().write(
            lambda uow: self._finish(uow, job), retryable=True
        )

    @staticmethod
    async def _finish(uow: UnitOfWork, job: Job) -> None:
        uow.jobs.remove(job.id)
        await uow.commit()


@pytest.fixture
def hands(shop: MemoryShop) -> Hands:
    return Hands(shop)


async def test_a_job_that_hangs_keeps_no_other_from_being_begun(hands: Hands) -> None:
    await hands.leave(JobKind.REVERSE_PAYMENT, "hangs")
    assert await hands.work_off.start_due() == 1
    await hands.leave(JobKind.CAPTURE_PAYMENT, "does not")

    assert await hands.work_off.run_due() == 1
    assert hands.done == ["capture_payment"]

    hands.let_go.set()
    await hands.work_off.cancel_running()


async def test_no_more_is_begun_than_there_are_hands_and_then_as_they_come_free(
    hands: Hands,
) -> None:
    await hands.leave(
        JobKind.REVERSE_PAYMENT, *(f"{number}" for number in range(MAX_CONCURRENT_JOBS + 1))
    )
    assert await hands.work_off.start_due() == MAX_CONCURRENT_JOBS
    waiting = asyncio.create_task(hands.work_off.start_due())
    await asyncio.sleep(0.01)
    assert not waiting.done()

    hands.let_go.set()

    assert await waiting == 1
    await hands.work_off.cancel_running()


async def test_what_is_abandoned_is_done_by_whoever_comes_next(
    hands: Hands, shop: MemoryShop
) -> None:
    await hands.leave(JobKind.REVERSE_PAYMENT, "hangs")
    await hands.work_off.start_due()

    await hands.work_off.cancel_running()

    hands.let_go.set()
    assert (hands.done, shop.jobs) == ([], ["reverse_payment"])
    shop.clock.advance(SOON)
    assert await hands.work_off.run_due() == 0
    shop.clock.advance(TERMS.lease)
    assert await hands.work_off.run_due() == 1
    assert (hands.done, shop.jobs) == (["reverse_payment"], [])
