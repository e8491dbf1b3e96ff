"""Gives memory back to the operating system after a rush."""

import ctypes
import gc
from collections.abc import Callable

MANY_CONNECTIONS = 256
"""A rush has more connections than this; what fewer leave behind is soon used again."""


class RushMemory:
    """Finds when a rush of connections is over, and then releases what it has used."""

    def __init__(self, release: Callable[[], None] | None = None) -> None:
        self._release = release or release_unused_memory
        self._most = 0

    def note(self, connections: int) -> None:
        """Note how many connections are open; release memory once three of four have ended."""
        self._most = max(self._most, connections)
        if self._most > MANY_CONNECTIONS and connections <= self._most // 4:
            self._most = connections
            self._release()


def release_unused_memory() -> None:
    """Collect garbage, and return free memory to the operating system.

    A closed connection and its parser refer to each other, so only the collector frees them; and
    glibc keeps what is freed between pieces in use. Other C libraries are left as they are.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
