"""Gives memory back to the operating system after a rush."""

import ctypes
import gc
from collections.abc import Callable
from functools import cache

MANY_CONNECTIONS = 256
"""A rush has more connections than this; what fewer leave behind is soon used again."""

RELEASE_INTERVAL_SECONDS = 60.0
"""Requests wait while memory is released, so clients must not cause it all the time."""


class RushMemory:
    """Finds when a rush of connections is over, and then releases what it has used."""

    def __init__(self, release: Callable[[], None] | None = None) -> None:
        self._release = release or release_unused_memory
        self._most = 0
        self._released_at = float("-inf")

    def note(self, connections: int, now: float) -> None:
        """Note how many connections are open; release memory once three of four have ended."""
        self._most = max(self._most, connections)
        is_over = self._most > MANY_CONNECTIONS and connections <= self._most // 4
        if is_over and now - self._released_at >= RELEASE_INTERVAL_SECONDS:
            self._most, self._released_at = connections, now
            self._release()


def release_unused_memory() -> None:
    """Collect garbage, and return free memory to the operating system.

    A closed connection and its parser refer to each other, so only the collector frees them; and
    glibc keeps what is freed between pieces in use. Other C libraries are left as they are.
    """
    gc.collect()
    _trim_of_libc()(0)


@cache
def _trim_of_libc() -> Callable[[int], object]:
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return bool
    return trim
