"""Deletes what no request needs any more, such as expired sessions and hits of past windows."""

from collections.abc import Awaitable, Callable, Sequence


class Sweep:
    """Runs the parts of the shop that delete what has expired."""

    def __init__(self, parts: Sequence[Callable[[], Awaitable[object]]]) -> None:
        self._parts = parts

    async def run(self) -> None:
        """Delete what has expired; any number of workers may do so at once."""
        for purge in self._parts:
            await purge()
