"""Memory is given back when a rush of connections is over."""

import gc
import weakref

from shop.entrypoints.http_server.memory import (
    MANY_CONNECTIONS,
    RELEASE_INTERVAL_SECONDS,
    RushMemory,
    release_unused_memory,
)


class TestARush:
    def test_memory_is_released_once_most_connections_have_ended(self) -> None:
        released: list[int] = []
        memory = RushMemory(lambda: released.append(1))

        for connections in (10, 4 * MANY_CONNECTIONS, 2 * MANY_CONNECTIONS):
            memory.note(connections, now=0)
        assert released == []
        memory.note(MANY_CONNECTIONS, now=0)
        assert released == [1]
        for connections in (MANY_CONNECTIONS, 10, 0):
            memory.note(connections, now=RELEASE_INTERVAL_SECONDS)
        assert released == [1]

    def test_few_connections_are_no_rush(self) -> None:
        released: list[int] = []
        memory = RushMemory(lambda: released.append(1))

        for connections in (MANY_CONNECTIONS, 0, MANY_CONNECTIONS, 0):
            memory.note(connections, now=0)

        assert released == []

    def test_memory_is_released_at_most_once_a_minute(self) -> None:
        released: list[int] = []
        memory = RushMemory(lambda: released.append(1))

        for connections in (1_000, 0, 1_000, 0):
            memory.note(connections, now=0)
        assert released == [1]
        memory.note(0, now=RELEASE_INTERVAL_SECONDS)
        assert released == [1, 1]


def test_objects_that_refer_to_each_other_are_freed() -> None:
    class Part:
        other: "Part"

    first, second = Part(), Part()
    first.other, second.other = second, first
    gone = weakref.ref(first)
    gc.disable()
    try:
        del first, second
        assert gone() is not None
        release_unused_memory()
    finally:
        gc.enable()
    assert gone() is None
