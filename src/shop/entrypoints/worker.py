"""Runs background jobs, in a process of its own or beside the requests."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from shop.application.identity.sweep import Sweep
from shop.application.jobs.runner import JobRunner
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import DatabaseFailure, ShopMoved
from shop.entrypoints.metrics.auditor import Auditor

POLL_INTERVAL = timedelta(seconds=1)
"""The longest time between two looks for due jobs."""

SWEEP_INTERVAL = timedelta(minutes=10)
"""A sweep reads all sessions, so it is seldom; what has expired opens nothing until then."""

_log = structlog.get_logger()


class Worker:
    """Runs due jobs until it is cancelled.

    Its job runners do not wait for one another: a webhook endpoint that hangs delays no payment.
    """

    def __init__(
        self,
        job_runners: Sequence[JobRunner],
        clock: Clock,
        sweep: Sweep,
        auditor: Auditor | None = None,
    ) -> None:
        self._auditor = auditor
        self._job_runners = job_runners
        self._clock = clock
        self._sweep = sweep

    async def run(self) -> None:
        """Run jobs until cancelled; jobs that are running then will be run again.

        Return if the shop has moved to another database.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for each in self._job_runners:
                    tasks.create_task(self._run(each))
                tasks.create_task(self._sweep_regularly())
                if self._auditor is not None:
                    tasks.create_task(self._auditor.run())
        except* ShopMoved as moved:
            _log.error("worker_stops", reason=str(moved.exceptions[0]))

    async def _run(self, job_runner: JobRunner) -> None:
        try:
            while True:
                delay = await self._poll_safely(job_runner)
                if delay:
                    await self._clock.sleep(delay.total_seconds())
        finally:
            await job_runner.cancel_running()

    async def _poll_safely(self, job_runner: JobRunner) -> timedelta:
        """Poll; after any error, wait and poll again."""
        try:
            return await self._poll(job_runner)
        except ShopMoved:
            raise
        except DatabaseFailure as error:
            _log.error("jobs_unavailable", error=str(error))
        except Exception:  # noqa: BLE001  If the worker ended, payments would stay open.
            _log.exception("unexpected_error")
        return POLL_INTERVAL

    async def _sweep_regularly(self) -> None:
        while True:
            try:
                await self._sweep.run()
            except ShopMoved:
                raise
            except DatabaseFailure as error:
                _log.warning("sweep_failed", error=str(error))
            except Exception:  # noqa: BLE001  As above.
                _log.exception("unexpected_error")
            await self._clock.sleep(SWEEP_INTERVAL.total_seconds())

    async def drain(self) -> int:
        """Run due jobs until none is left, and sweep; return the number of jobs."""
        await self._sweep.run()
        return sum([await _run_due_jobs(each) for each in self._job_runners])

    async def _poll(self, job_runner: JobRunner) -> timedelta:
        """Start due jobs; return how long to wait before the next poll."""
        # Polling takes no locks; leasing does.
        due_at = await job_runner.next_due()
        if due_at is None:
            return POLL_INTERVAL
        delay = due_at - self._clock.now()
        if delay > timedelta(0):
            return min(delay, POLL_INTERVAL)
        # If due jobs cannot be leased, other workers have them.
        return timedelta(0) if await job_runner.start_due() else POLL_INTERVAL


async def _run_due_jobs(job_runner: JobRunner) -> int:
    total = 0
    while jobs := await job_runner.run_due():
        total += jobs
    return total
