"""The worker's hands: what hangs keeps nothing else from being begun."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.outbox import MAX_JOBS, JobTerms, WorkOff
from shop.application.ports.outbox import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from tests.factories import NOW, an_id
from tests.unit.application.memory_shop import MemoryShop

pytestmark = pytest.mark.anyio

TERMS = JobTerms(lease=timedelta(seconds=60), retry=timedelta(seconds=5))
SOON = timedelta(seconds=30)


class Hands:
    """A worker of jobs that hang until they are let go, and of others that do not."""

    def __init__(self, shop: MemoryShop) -> None:
        self._shop = shop
        self.done: list[str] = []
        self.let_go = asyncio.Event()
        self.work_off = WorkOff(
            shop.container.transact(),
            shop.clock,
            TERMS,
            {JobKind.UNDO: self._hang, JobKind.CAPTURE: self._do},
        )

    async def leave(self, kind: JobKind, *names: str) -> None:
        """Leave jobs to be done now."""

        async def leave(uow: UnitOfWork) -> None:
            for name in names:
                uow.outbox.add(Job.new(kind, an_id(name), at=NOW, due_at=NOW))
            await uow.commit()

        await self._shop.container.transact().write(leave, repeatable=True)

    async def _hang(self, job: Job) -> None:
        await self.let_go.wait()
        await self._do(job)

    async def _do(self, job: Job) -> None:
        self.done.append(job.id.kind)
        await self._shop.container.transact().write(
            lambda uow: self._finish(uow, job), repeatable=True
        )

    @staticmethod
    async def _finish(uow: UnitOfWork, job: Job) -> None:
        uow.outbox.finish(job.id)
        await uow.commit()


@pytest.fixture
def hands(shop: MemoryShop) -> Hands:
    return Hands(shop)


async def test_a_job_that_hangs_keeps_no_other_from_being_begun(hands: Hands) -> None:
    await hands.leave(JobKind.UNDO, "hangs")
    assert await hands.work_off.begin() == 1
    await hands.leave(JobKind.CAPTURE, "does not")

    assert await hands.work_off.work() == 1
    assert hands.done == ["capture"]

    hands.let_go.set()
    await hands.work_off.abandon()


async def test_no_more_is_begun_than_there_are_hands_and_then_as_they_come_free(
    hands: Hands,
) -> None:
    await hands.leave(JobKind.UNDO, *(f"{number}" for number in range(MAX_JOBS + 1)))
    assert await hands.work_off.begin() == MAX_JOBS
    waiting = asyncio.create_task(hands.work_off.begin())
    await asyncio.sleep(0.01)
    assert not waiting.done()

    hands.let_go.set()

    assert await waiting == 1
    await hands.work_off.abandon()


async def test_what_is_abandoned_is_done_by_whoever_comes_next(
    hands: Hands, shop: MemoryShop
) -> None:
    await hands.leave(JobKind.UNDO, "hangs")
    await hands.work_off.begin()

    await hands.work_off.abandon()

    hands.let_go.set()
    assert (hands.done, shop.jobs) == ([], ["undo"])
    shop.clock.advance(SOON)
    assert await hands.work_off.work() == 0
    shop.clock.advance(TERMS.lease)
    assert await hands.work_off.work() == 1
    assert (hands.done, shop.jobs) == (["undo"], [])
