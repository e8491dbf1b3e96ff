"""Time-outs of tests: a bound that no machine meets, and time that passes without waiting."""

import asyncio

import pytest

TEST_TIMEOUT_SECONDS = 120
"""How long tests wait for an event; only a failure takes as long."""


class LoopTime:
    """The time of the running event loop, on which all its timers depend; it can be advanced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._real_time = loop.time
        self._advanced_seconds = 0.0
        monkeypatch.setattr(loop, "time", self._time)

    async def advance(self, seconds: float) -> None:
        """Let the timers see that time has passed, and run those that are due."""
        self._advanced_seconds += seconds
        # The first turn of the loop finds the timers that are due, the second runs them.
        for _ in range(2):
            await asyncio.sleep(0)

    def _time(self) -> float:
        return self._real_time() + self._advanced_seconds
