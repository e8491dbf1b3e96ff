"""The worker: does the outbox's jobs, in a process of its own or beside the requests."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from shop.application.jobs.runner import JobRunner
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import DatabaseFailure

POLL_INTERVAL = timedelta(seconds=1)
"""How often somebody looks whether others have left something to do."""

_log = logging.getLogger(__name__)


class Worker:
    """Looks for jobs that are due, and does them, for as long as it is let.

    What is worked off by one never waits for what another works off: an endpoint that hangs keeps
    nobody's money from being taken.
    """

    def __init__(self, job_runners: Sequence[JobRunner], clock: Clock) -> None:
        self._job_runners = job_runners
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled: what was begun then is done again by whoever comes next."""
        async with asyncio.TaskGroup() as tasks:
            for each in self._job_runners:
                tasks.create_task(self._run(each))

    async def _run(self, job_runner: JobRunner) -> None:
        try:
            while True:
                delay = await self._poll_safely(job_runner)
                if delay:
                    await self._clock.sleep(delay.total_seconds())
        finally:
            await job_runner.cancel_running()

    async def _poll_safely(self, job_runner: JobRunner) -> timedelta:
        """Look, and whatever happens there, look again in a while."""
        try:
            return await self._poll(job_runner)
        except DatabaseFailure as failure:
            _log.warning("the outbox cannot be reached: %s", failure)
        except Exception:  # noqa: BLE001  A worker that ends leaves money where it is.
            _log.exception("the worker has failed, and goes on")
        return POLL_INTERVAL

    async def drain(self) -> int:
        """Do what is due until nothing is; return how many jobs that were."""
        return sum([await _run_due_jobs(each) for each in self._job_runners])

    async def _poll(self, job_runner: JobRunner) -> timedelta:
        """Do what is due; return how long there will be nothing to do, as far as is known."""
        # To look locks nothing, to take does.
        due_at = await job_runner.next_due()
        if due_at is None:
            return POLL_INTERVAL
        delay = due_at - self._clock.now()
        if delay > timedelta(0):
            return min(delay, POLL_INTERVAL)
        # What is due and cannot be had, others have.
        return timedelta(0) if await job_runner.start_due() else POLL_INTERVAL


async def _run_due_jobs(job_runner: JobRunner) -> int:
    total = 0
    while jobs := await job_runner.run_due():
        total += jobs
    return total
