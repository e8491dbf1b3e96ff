"""Memory is given back when a rush of connections is over."""

import gc
import weakref

from shop.entrypoints.http_server.memory import (
    MANY_CONNECTIONS,
    RushMemory,
    release_unused_memory,
)


class TestARush:
    def test_memory_is_released_once_most_connections_have_ended(self) -> None:
        released: list[int] = []
        memory = RushMemory(lambda: released.append(1))

        for connections in (10, 4 * MANY_CONNECTIONS, 2 * MANY_CONNECTIONS):
            memory.note(connections)
        assert released == []
        memory.note(MANY_CONNECTIONS)
        assert released == [1]
        for connections in (MANY_CONNECTIONS, 10, 0):
            memory.note(connections)
        assert released == [1]

    def test_few_connections_are_no_rush(self) -> None:
        released: list[int] = []
        memory = RushMemory(lambda: released.append(1))

        for connections in (MANY_CONNECTIONS, 0, MANY_CONNECTIONS, 0):
            memory.note(connections)

        assert released == []

    def test_each_rush_is_noticed(self) -> None:
        released: list[int] = []
        memory = RushMemory(lambda: released.append(1))

        for connections in (1_000, 0, 1_000, 0):
            memory.note(connections)

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
