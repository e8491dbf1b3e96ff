"""Time that tests decide."""

import asyncio
from datetime import datetime, timedelta

from shop.application.ports.clock import Clock


class FakeClock(Clock):
    """A clock that stands still until the test advances it; sleeping advances it at once."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))
        # Other tasks run while this one sleeps.
        await asyncio.sleep(0)

    def advance(self, time: timedelta) -> None:
        self._now += time
