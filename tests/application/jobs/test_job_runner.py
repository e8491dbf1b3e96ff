"""The worker's hands: what hangs keeps nothing else from being begun."""

import asyncio
from datetime import timedelta

import pytest

from shop.application.jobs.retry_policy import RetryPolicy
from shop.application.jobs.runner import MAX_CONCURRENT_JOBS, JobRunner
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from tests.application.memory_shop import MemoryShop
from tests.factories import NOW, id_of

pytestmark = pytest.mark.anyio

POLICY = RetryPolicy(lease=timedelta(seconds=60), retry_delay=timedelta(seconds=5))
SOON = timedelta(seconds=30)


class BlockingHandlers:
    """A worker of jobs that hang until they are let go, and of others that do not."""

    def __init__(self, shop: MemoryShop) -> None:
        self._shop = shop
        self.done: list[str] = []
        self.let_go = asyncio.Event()
        self.work_off = JobRunner(
            shop.container.transaction_runner(),
            shop.clock,
            POLICY,
            {JobKind.REVERSE_PAYMENT: self._block, JobKind.CAPTURE_PAYMENT: self._do},
        )

    async def add_job(self, kind: JobKind, *names: str) -> None:
        """Leave jobs to be done now."""

        async def leave(uow: UnitOfWork) -> None:
            for name in names:
                uow.jobs.add(Job.new(kind, id_of(name), at=NOW, due_at=NOW))
            await uow.commit()

        await self._shop.container.transaction_runner().write(leave, retryable=True)

    async def _block(self, job: Job) -> None:
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
def handlers(shop: MemoryShop) -> BlockingHandlers:
    return BlockingHandlers(shop)


async def test_hanging_job_does_not_delay_others(handlers: BlockingHandlers) -> None:
    await handlers.add_job(JobKind.REVERSE_PAYMENT, "hangs")
    assert await handlers.work_off.start_due() == 1
    await handlers.add_job(JobKind.CAPTURE_PAYMENT, "does not")

    assert await handlers.work_off.run_due() == 1
    assert handlers.done == ["capture_payment"]

    handlers.let_go.set()
    await handlers.work_off.cancel_running()


async def test_number_of_concurrent_jobs_is_limited(
    handlers: BlockingHandlers,
) -> None:
    await handlers.add_job(
        JobKind.REVERSE_PAYMENT, *(f"{number}" for number in range(MAX_CONCURRENT_JOBS + 1))
    )
    assert await handlers.work_off.start_due() == MAX_CONCURRENT_JOBS
    waiting = asyncio.create_task(handlers.work_off.start_due())
    for _ in range(9):
        await asyncio.sleep(0)
    assert not waiting.done()

    handlers.let_go.set()

    assert await waiting == 1
    await handlers.work_off.cancel_running()


async def test_cancelled_job_is_run_by_the_next_worker(
    handlers: BlockingHandlers, shop: MemoryShop
) -> None:
    await handlers.add_job(JobKind.REVERSE_PAYMENT, "hangs")
    await handlers.work_off.start_due()

    await handlers.work_off.cancel_running()

    handlers.let_go.set()
    assert (handlers.done, shop.jobs) == ([], ["reverse_payment"])
    shop.clock.advance(SOON)
    assert await handlers.work_off.run_due() == 0
    shop.clock.advance(POLICY.lease)
    assert await handlers.work_off.run_due() == 1
    assert (handlers.done, shop.jobs) == (["reverse_payment"], [])


async def test_failed_job_is_logged_with_its_kind_subject_and_error(
    handlers: BlockingHandlers, shop: MemoryShop, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_job: Job) -> None:
        raise ValueError("no answer")

    runner = JobRunner(
        shop.container.transaction_runner(), shop.clock, POLICY, {JobKind.SEND_EMAIL: fail}
    )
    await handlers.add_job(JobKind.SEND_EMAIL, "email")

    await runner.run_due()

    (record,) = caplog.records
    fields = {name: vars(record)[name] for name in ("job", "subject_id", "error")}
    assert (record.levelname, record.msg) == ("WARNING", "job_failed")
    assert fields == {
        "job": "send_email",
        "subject_id": str(id_of("email")),
        "error": "ValueError: no answer",
    }
