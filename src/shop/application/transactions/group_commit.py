"""Group commit: commands that arrive together are decided in one unit of work.

A commit costs a database as much for one order as for a hundred, and locks a product's row for as
long. So commands queue in each process. A command that finds the queue idle runs at once, as a
group of one; those that arrive meanwhile are the next group. There is no timer: a single command
does not wait, and groups grow with the load.

The wait is bounded: while more commands come than the database decides, those that have waited too
long are rejected before any work is done for them.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from copy import copy
from typing import Any, Generic, TypeVar

from shop.application.ports.metrics import UNCOUNTED, Metrics
from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseFailure,
    DatabaseUnavailable,
    LockTimeout,
    Overloaded,
    TransactionConflict,
)
from shop.application.transactions.controlled_delay import ControlledDelay
from shop.domain.shared.errors import ShopError

C = TypeVar("C")
R = TypeVar("R")
BatchHandler = Callable[[Sequence[C]], Awaitable[Sequence[R | ShopError]]]

MAX_GROUP_SIZE = 128
MAX_QUEUE = 1024
"""Bounds the memory; `ControlledDelay` bounds the wait."""

TARGET_SECONDS = 0.25
INTERVAL_SECONDS = 1.0
"""A queue that is late for so long is no burst. A lock timeout alone delays commands for longer
than the target and sheds none, because the queue empties afterwards."""

MAX_LOCK_TIMEOUTS = 2
"""After this many lock timeouts, the rest of a group fails."""

_log = logging.getLogger(__name__)


def result_or_error(command: C, decide: Callable[[C], R]) -> R | ShopError:
    """Return the result of one command of a group, or the error that rejects it."""
    try:
        return decide(command)
    except ShopError as error:
        return error


class GroupCommit(Generic[C, R]):
    """The queue of a handler that decides many commands in one unit of work.

    The handler returns a `ShopError` for a rejected command; an error that it raises fails the
    whole group. Repeating commands must be safe, because a group is split and run again if it
    fails. A group is decided in order; several groups may run at once, as in two processes. A group
    of queries reads one snapshot, taken after all of them arrived.
    """

    def __init__(
        self,
        handle_batch: BatchHandler[C, R],
        *,
        max_concurrent_groups: int = 1,
        max_group_size: int = MAX_GROUP_SIZE,
        metrics: Metrics = UNCOUNTED,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._handle_batch = handle_batch
        self._metrics = metrics
        self._name = getattr(handle_batch, "__qualname__", type(handle_batch).__name__)
        self._max_concurrent_groups = max_concurrent_groups
        self._max_group_size = max_group_size
        self._queue: deque[QueuedCommand[C, R]] = deque()
        self._deciding = self._rejected = 0
        self._delay = ControlledDelay(
            target_seconds=TARGET_SECONDS, interval_seconds=INTERVAL_SECONDS
        )
        self.runners: set[asyncio.Task[None]] = set()
        """The tasks that decide groups: none while no command is pending."""
        self._is_open = True

    @property
    def pending(self) -> int:
        """How many commands wait or are being decided."""
        return len(self._queue) + self._deciding

    async def submit(self, command: C) -> R:
        """Queue a command and return its result.

        A cancelled caller withdraws its command, unless its group has started. Raise the error that
        rejects the command, `Overloaded` if it would wait or has waited too long,
        `DatabaseUnavailable` if the queue is closed, and any error that the handler raises for this
        command alone.
        """
        if not self._is_open:
            raise DatabaseUnavailable("the shop is shutting down")
        now = self._now()
        if len(self._queue) >= MAX_QUEUE or self._delay.is_overdue(self._longest_wait(now)):
            self._rejected += 1
            raise Overloaded(f"queue full ({len(self._queue)} commands waiting)")
        queued: QueuedCommand[C, R] = QueuedCommand(command, at=now)
        self._queue.append(queued)
        if len(self.runners) < self._max_concurrent_groups:
            # In a context of its own, so that its log lines do not name the first request.
            self.runners.add(asyncio.create_task(self._run_groups(), context=Context()))
        return await queued.result

    def open(self) -> None:
        """Accept commands, as a new queue does."""
        self._is_open = True

    async def drain(self) -> None:
        """Close the queue, fail the queued commands, and wait for running groups."""
        self._is_open = False
        self._fail_queued()
        if self.runners:
            await asyncio.wait(self.runners)

    async def _run_groups(self) -> None:
        try:
            while group := self._next_group(self._now()):
                self._deciding += len(group)
                try:
                    await self._run_group(group)
                finally:
                    self._deciding -= len(group)
        finally:
            runner = asyncio.current_task()
            self.runners = {each for each in self.runners if each is not runner}

    def _next_group(self, now: float) -> Sequence["QueuedCommand[C, R]"]:
        """Take the next group from the queue, and shed what has waited too long."""
        group: list[QueuedCommand[C, R]] = []
        overdue: list[QueuedCommand[C, R]] = []
        self._delay.look(
            now,
            longest_wait=self._longest_wait(now),
            # A queue whose commands were rejected is short because of that.
            empties=len(self._queue) <= self._max_group_size and not self._rejected,
        )
        while self._queue and len(group) < self._max_group_size:
            queued = self._queue.popleft()
            if queued.is_abandoned:
                continue
            is_overdue = self._delay.is_overdue(now - queued.queued_at)
            (overdue if is_overdue else group).append(queued)
        if overdue or self._rejected:
            self._shed(overdue)
        if group:
            self._metrics.group_decided(self._name, len(group), now - group[0].queued_at)
        return group

    def _longest_wait(self, now: float) -> float:
        return now - self._queue[0].queued_at if self._queue else 0.0

    def _shed(self, overdue: Sequence["QueuedCommand[C, R]"]) -> None:
        """Reject commands, and report them with those that were rejected when they came."""
        count, self._rejected = len(overdue) + self._rejected, 0
        _log.warning("commands_shed", extra={"queue": self._name, "count": count})
        self._metrics.commands_shed(self._name, count)
        _fail_all(overdue, Overloaded(f"waited longer than {TARGET_SECONDS} seconds"))

    async def _run_group(self, group: Sequence["QueuedCommand[C, R]"]) -> None:
        try:
            await self._decide_group(group)
        except BaseException:
            # Cancelled, or worse: no caller may wait forever. What was sent may yet be committed.
            _fail_all(group, CommitOutcomeUnknown("the shop is shutting down"))
            self._fail_queued()
            raise

    async def _decide_group(self, group: Sequence["QueuedCommand[C, R]"]) -> None:
        """Decide a group; if it fails, split it, so that one command fails alone."""
        try:
            results = await self._handle_batch([queued.command for queued in group])
            pairs = list(zip(group, results, strict=True))
        except Exception as error:  # noqa: BLE001  The callers receive it.
            await self._split_group(group, error)
        else:
            for queued, result in pairs:
                queued.complete(result)

    async def _split_group(self, group: Sequence["QueuedCommand[C, R]"], error: Exception) -> None:
        if len(group) == 1:
            group[0].fail(error)
        elif isinstance(error, LockTimeout | RequestInProgress):
            await self._decide_one_by_one(group)
        elif isinstance(error, DatabaseFailure) and not isinstance(error, TransactionConflict):
            # Without a database, each part would fail as well.
            _fail_all(group, error)
        else:
            _log.warning("group_halved", extra={"size": len(group), "error": repr(error)})
            middle = len(group) // 2
            await self._decide_group(group[:middle])
            await self._decide_group(group[middle:])

    async def _decide_one_by_one(self, group: Sequence["QueuedCommand[C, R]"]) -> None:
        """Decide commands one by one; after too many lock timeouts, fail the rest."""
        _log.warning("group_lock_timeout", extra={"size": len(group)})
        lock_timeouts = 0
        for position, queued in enumerate(group):
            await self._decide_group([queued])
            lock_timeouts += queued.was_blocked
            if lock_timeouts == MAX_LOCK_TIMEOUTS:
                _fail_all(group[position + 1 :], DatabaseUnavailable("too many lock timeouts"))
                return

    def _fail_queued(self) -> None:
        _fail_all(self._queue, DatabaseUnavailable("the shop is shutting down"))
        self._queue.clear()


class CommandQueues:
    """All queues of a process, opened and drained together."""

    def __init__(
        self, metrics: Metrics = UNCOUNTED, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._metrics = metrics
        self._now = now
        self._queues: list[GroupCommit[Any, Any]] = []

    def queue_for(
        self,
        handle_batch: BatchHandler[C, R],
        *,
        max_concurrent_groups: int = 1,
        max_group_size: int = MAX_GROUP_SIZE,
    ) -> GroupCommit[C, R]:
        """Create the queue of a handler."""
        queue = GroupCommit(
            handle_batch,
            max_concurrent_groups=max_concurrent_groups,
            max_group_size=max_group_size,
            metrics=self._metrics,
            now=self._now,
        )
        self._queues.append(queue)
        return queue

    @property
    def pending(self) -> int:
        """How many commands wait or are being decided in all queues."""
        return sum([queue.pending for queue in self._queues if queue.runners])

    def open(self) -> None:
        """Open all queues."""
        for queue in self._queues:
            queue.open()

    async def drain(self) -> None:
        """Drain all queues."""
        for queue in self._queues:
            await queue.drain()


class QueuedCommand(Generic[C, R]):
    """A command, and the future result that its caller waits for."""

    def __init__(self, command: C, *, at: float) -> None:
        self.command = command
        self.queued_at = at
        self.result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self.was_blocked = False

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller no longer waits for the result."""
        return self.result.done()

    def complete(self, result: R | ShopError) -> None:
        """Give the caller the result, or raise the error that rejects the command."""
        if isinstance(result, ShopError):
            self.fail(result)
        elif not self.is_abandoned:
            self.result.set_result(result)

    def fail(self, error: Exception) -> None:
        """Raise an error for the caller."""
        self.was_blocked = isinstance(error, LockTimeout | RequestInProgress)
        if not self.is_abandoned:
            self.result.set_exception(error)


def _fail_all(group: Iterable[QueuedCommand[C, R]], failure: DatabaseFailure) -> None:
    for queued in group:
        # A copy each: one exception raised in many places would mix up their tracebacks.
        queued.fail(copy(failure))
