"""The machine's clock."""

import asyncio
from datetime import UTC, datetime

from shop.application.ports.clock import Clock


class SystemClock(Clock):
    """Tells the machine's time."""

    def now(self) -> datetime:
        """Return the present moment, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Let this many seconds pass."""
        await asyncio.sleep(seconds)
