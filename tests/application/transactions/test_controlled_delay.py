"""A queue that stays late for an interval stands, until it has emptied."""

from shop.application.transactions.controlled_delay import ControlledDelay


class Queue:
    """A queue whose first has waited for two seconds, unless the test says otherwise."""

    def __init__(self) -> None:
        self.delay = ControlledDelay(target_seconds=1, interval_seconds=5)

    def look(self, now: float, *, wait: float = 2, empties: bool = False) -> bool:
        """Look at the time; return whether the queue stands."""
        self.delay.look(now, longest_wait=wait, empties=empties)
        return self.delay.is_standing


def test_queue_that_is_late_for_less_than_the_interval_does_not_stand() -> None:
    queue = Queue()

    assert [queue.look(now) for now in (0, 1, 4.9)] == [False, False, False]
    assert not queue.delay.is_overdue(100)


def test_queue_that_is_late_for_the_interval_stands() -> None:
    queue = Queue()

    assert [queue.look(now) for now in (0, 4.9, 5)] == [False, False, True]
    assert queue.delay.is_overdue(1.1)
    assert not queue.delay.is_overdue(1)


def test_queue_that_was_in_time_once_is_late_from_then_on() -> None:
    queue = Queue()

    standing = [
        queue.look(0),
        queue.look(4, wait=1),
        queue.look(5),
        queue.look(9.9),
        queue.look(10),
    ]

    assert standing == [False, False, False, False, True]


def test_queue_that_was_empty_once_is_late_from_then_on() -> None:
    queue = Queue()

    standing = [queue.look(0), queue.look(4, empties=True), queue.look(5), queue.look(9.9)]

    assert standing == [False, False, False, False]


def test_standing_queue_stands_until_it_has_emptied() -> None:
    queue = Queue()
    queue.look(0)

    assert queue.look(5)
    assert queue.look(6, wait=0.1)
    assert not queue.look(7, empties=True)
    assert not queue.delay.is_overdue(100)
