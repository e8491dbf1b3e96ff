"""The worker: does the outbox's jobs, in a process of its own or beside the requests."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from shop.application.outbox import WorkOff
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import StoreFailure

LOOK = timedelta(seconds=1)
"""How often somebody looks whether others have left something to do."""

_log = logging.getLogger(__name__)


class Worker:
    """Looks for jobs that are due, and does them, for as long as it is let.

    What is worked off by one never waits for what another works off: an endpoint that hangs keeps
    nobody's money from being taken.
    """

    def __init__(self, work_offs: Sequence[WorkOff], clock: Clock) -> None:
        self._work_offs = work_offs
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled: what was begun then is done again by whoever comes next."""
        async with asyncio.TaskGroup() as working:
            for each in self._work_offs:
                working.create_task(self._run(each))

    async def _run(self, work_off: WorkOff) -> None:
        try:
            while True:
                pause = await self._look_on(work_off)
                if pause:
                    await self._clock.sleep(pause.total_seconds())
        finally:
            await work_off.abandon()

    async def _look_on(self, work_off: WorkOff) -> timedelta:
        """Look, and whatever happens there, look again in a while."""
        try:
            return await self._look(work_off)
        except StoreFailure as failure:
            _log.warning("the outbox cannot be reached: %s", failure)
        except Exception:  # noqa: BLE001  A worker that ends leaves money where it is.
            _log.exception("the worker has failed, and goes on")
        return LOOK

    async def drain(self) -> int:
        """Do what is due until nothing is; return how many jobs that were."""
        return sum([await _drain(each) for each in self._work_offs])

    async def _look(self, work_off: WorkOff) -> timedelta:
        """Do what is due; return how long there will be nothing to do, as far as is known."""
        # To look locks nothing, to take does.
        due_at = await work_off.next_due()
        if due_at is None:
            return LOOK
        wait = due_at - self._clock.now()
        if wait > timedelta(0):
            return min(wait, LOOK)
        # What is due and cannot be had, others have.
        return timedelta(0) if await work_off.begin() else LOOK


async def _drain(work_off: WorkOff) -> int:
    done = 0
    while jobs := await work_off.work():
        done += jobs
    return done
