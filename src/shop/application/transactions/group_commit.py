"""Group commit: commands that arrive together are decided together, in one unit of work.

A commit costs a database as much for one order as for a hundred, and whoever locks a product's
row keeps all others waiting for that long. So commands queue here, in each process. Whoever finds
the line idle sets off at once, alone; what arrives meanwhile goes together, as the next group.
There is no timer: a lone command waits for nobody, and a group is as large as the load makes it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from copy import copy
from typing import Any, Generic, TypeVar

from shop.application.ports.repositories.idempotency_keys import RequestInProgress
from shop.application.ports.unit_of_work import (
    DatabaseFailure,
    DatabaseUnavailable,
    LockTimeout,
    TransactionConflict,
)
from shop.domain.shared.errors import ShopError

C = TypeVar("C")
R = TypeVar("R")
BatchHandler = Callable[[Sequence[C]], Awaitable[Sequence[R | ShopError]]]

MAX_GROUP_SIZE = 128
MAX_QUEUE = 1024

MAX_LOCK_TIMEOUTS = 2
"""How often one group waits in vain for what somebody else has locked."""

_log = logging.getLogger(__name__)


def result_or_error(command: C, decide: Callable[[C], R]) -> R | ShopError:
    """Return the answer to one command of a group, or what it was refused with."""
    try:
        return decide(command)
    except ShopError as error:
        return error


class GroupCommit(Generic[C, R]):
    """The line before a use case that decides many commands in one unit of work.

    The use case refuses a command in its answer, by a `ShopError`; an error that it raises is one
    of the whole group. It can tell what it has decided before: where a commit may or may not have
    happened it runs the same commands again, and so may this. Within a group, commands are decided
    in order; a few groups may be decided at once, and meet as those of two processes do. So may
    groups of questions, each asked of one snapshot, which is younger than all of them.
    """

    def __init__(self, handle_batch: BatchHandler[C, R], *, max_concurrent_groups: int = 1) -> None:
        self._handle_batch = handle_batch
        self._max_concurrent_groups = max_concurrent_groups
        self._queue: deque[QueuedCommand[C, R]] = deque()
        self._group_runners: set[asyncio.Task[None]] = set()
        self._is_open = True

    async def submit(self, command: C) -> R:
        """Return the answer to a command, which is decided with those that wait beside it.

        A caller that is cancelled leaves the line; once its group has begun, the command is decided
        all the same. Raise the refusal; `DatabaseUnavailable` where the line is full or the shop is
        closing; and whatever the use case raises for this command alone.
        """
        if not self._is_open:
            raise DatabaseUnavailable("the shop is closing")
        if len(self._queue) >= MAX_QUEUE:
            raise DatabaseUnavailable("too many wait already")
        queued: QueuedCommand[C, R] = QueuedCommand(command)
        self._queue.append(queued)
        if len(self._group_runners) < self._max_concurrent_groups:
            # In a context of its own: what it logs is not about the request that came first.
            self._group_runners.add(asyncio.create_task(self._run_groups(), context=Context()))
        return await queued.result

    def open(self) -> None:
        """Take commands, as a new line does."""
        self._is_open = True

    async def drain(self) -> None:
        """Take no more, refuse what waits, and finish the groups that have begun."""
        self._is_open = False
        self._fail_queued()
        if self._group_runners:
            await asyncio.wait(self._group_runners)

    async def _run_groups(self) -> None:
        try:
            while group := self._next_group():
                await self._run_group(group)
        finally:
            runner = asyncio.current_task()
            self._group_runners = {each for each in self._group_runners if each is not runner}

    def _next_group(self) -> Sequence["QueuedCommand[C, R]"]:
        group: list[QueuedCommand[C, R]] = []
        while self._queue and len(group) < MAX_GROUP_SIZE:
            queued = self._queue.popleft()
            if not queued.is_abandoned:
                group.append(queued)
        return group

    async def _run_group(self, group: Sequence["QueuedCommand[C, R]"]) -> None:
        try:
            await self._decide_group(group)
        except BaseException:
            # The event loop ends, or worse: whoever waits is told, and the line goes on.
            _fail_all(group, DatabaseUnavailable("the shop is closing"))
            self._fail_queued()
            raise

    async def _decide_group(self, group: Sequence["QueuedCommand[C, R]"]) -> None:
        """Decide a group; where that cannot be, a part of it, so that one command fails alone."""
        try:
            results = await self._handle_batch([waiting.command for waiting in group])
            pairs = list(zip(group, results, strict=True))
        except Exception as error:  # noqa: BLE001  Each caller is told, or one of them alone.
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
            # A database that is not there is there for nobody.
            _fail_all(group, error)
        else:
            _log.warning("a group of %d is halved: %r", len(group), error)
            middle = len(group) // 2
            await self._decide_group(group[:middle])
            await self._decide_group(group[middle:])

    async def _decide_one_by_one(self, group: Sequence["QueuedCommand[C, R]"]) -> None:
        """Decide one by one, until too much time was lost in waiting for others' locks."""
        _log.warning("a group of %d is decided one by one: a lock was not to be had", len(group))
        lock_timeouts = 0
        for position, queued in enumerate(group):
            await self._decide_group([queued])
            lock_timeouts += queued.was_blocked
            if lock_timeouts == MAX_LOCK_TIMEOUTS:
                _fail_all(
                    group[position + 1 :], DatabaseUnavailable("somebody else keeps all waiting")
                )
                return

    def _fail_queued(self) -> None:
        _fail_all(self._queue, DatabaseUnavailable("the shop is closing"))
        self._queue.clear()


class CommandQueues:
    """All lines of a process, which are opened and drained together."""

    def __init__(self) -> None:
        self._queues: list[GroupCommit[Any, Any]] = []

    def queue_for(
        self, handle_batch: BatchHandler[C, R], *, max_concurrent_groups: int = 1
    ) -> GroupCommit[C, R]:
        """Return a new line before a use case."""
        queue = GroupCommit(handle_batch, max_concurrent_groups=max_concurrent_groups)
        self._queues.append(queue)
        return queue

    def open(self) -> None:
        """Open all lines, as they are when they are made."""
        for queue in self._queues:
            queue.open()

    async def drain(self) -> None:
        """Drain all lines."""
        for queue in self._queues:
            await queue.drain()


class QueuedCommand(Generic[C, R]):
    """A command, and whoever waits for its answer, as long as they do."""

    def __init__(self, command: C) -> None:
        self.command = command
        self.result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self.was_blocked = False

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.result.done()

    def complete(self, result: R | ShopError) -> None:
        """Answer the command, or refuse it."""
        if isinstance(result, ShopError):
            self.fail(result)
        elif not self.is_abandoned:
            self.result.set_result(result)

    def fail(self, error: Exception) -> None:
        """Tell why there is no answer."""
        self.was_blocked = isinstance(error, LockTimeout | RequestInProgress)
        if not self.is_abandoned:
            self.result.set_exception(error)


def _fail_all(group: Iterable[QueuedCommand[C, R]], failure: DatabaseFailure) -> None:
    for queued in group:
        # Each gets its own: one that is raised in many places would mix up their traces.
        queued.fail(copy(failure))
