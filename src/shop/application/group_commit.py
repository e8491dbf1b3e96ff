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

from shop.application.ports.idempotency import RequestInProgress
from shop.application.ports.unit_of_work import Blocked, Contended, StoreFailure, Unavailable
from shop.domain.errors import ShopError

C = TypeVar("C")
R = TypeVar("R")
Decide = Callable[[Sequence[C]], Awaitable[Sequence[R | ShopError]]]

MAX_GROUP = 128
MAX_QUEUE = 1024

MAX_WAITS = 2
"""How often one group waits in vain for what somebody else has locked."""

_log = logging.getLogger(__name__)


def answer_or_refusal(command: C, decide: Callable[[C], R]) -> R | ShopError:
    """Return the answer to one command of a group, or what it was refused with."""
    try:
        return decide(command)
    except ShopError as refusal:
        return refusal


class GroupCommit(Generic[C, R]):
    """The line before a use case that decides many commands in one unit of work.

    The use case refuses a command in its answer, by a `ShopError`; an error that it raises is one
    of the whole group. It can tell what it has decided before: where a commit may or may not have
    happened it runs the same commands again, and so may this. Within a group, commands are decided
    in order; a few groups may be decided at once, and meet as those of two processes do. So may
    groups of questions, each asked of one snapshot, which is younger than all of them.
    """

    def __init__(self, decide: Decide[C, R], *, at_once: int = 1) -> None:
        self._decide = decide
        self._at_once = at_once
        self._queue: deque[_Waiting[C, R]] = deque()
        self._leaders: set[asyncio.Task[None]] = set()
        self._is_open = True

    async def send(self, command: C) -> R:
        """Return the answer to a command, which is decided with those that wait beside it.

        A caller that is cancelled leaves the line; once its group has begun, the command is
        decided all the same. Raise the refusal; `Unavailable` where the line is full or the shop
        is closing; and whatever the use case raises for this command alone.
        """
        if not self._is_open:
            raise Unavailable("the shop is closing")
        if len(self._queue) >= MAX_QUEUE:
            raise Unavailable("too many wait already")
        waiting: _Waiting[C, R] = _Waiting(command)
        self._queue.append(waiting)
        if len(self._leaders) < self._at_once:
            # In a context of its own: what it logs is not about the request that came first.
            self._leaders.add(asyncio.create_task(self._lead(), context=Context()))
        return await waiting.answer

    def open(self) -> None:
        """Take commands, as a new line does."""
        self._is_open = True

    async def drain(self) -> None:
        """Take no more, refuse what waits, and finish the groups that have begun."""
        self._is_open = False
        self._refuse_all()
        if self._leaders:
            await asyncio.wait(self._leaders)

    async def _lead(self) -> None:
        try:
            while group := self._next_group():
                await self._settle(group)
        finally:
            leader = asyncio.current_task()
            self._leaders = {each for each in self._leaders if each is not leader}

    def _next_group(self) -> Sequence["_Waiting[C, R]"]:
        group: list[_Waiting[C, R]] = []
        while self._queue and len(group) < MAX_GROUP:
            waiting = self._queue.popleft()
            if not waiting.has_left:
                group.append(waiting)
        return group

    async def _settle(self, group: Sequence["_Waiting[C, R]"]) -> None:
        try:
            await self._answer(group)
        except BaseException:
            # The event loop ends, or worse: whoever waits is told, and the line goes on.
            _fail_all(group, Unavailable("the shop is closing"))
            self._refuse_all()
            raise

    async def _answer(self, group: Sequence["_Waiting[C, R]"]) -> None:
        """Decide a group; where that cannot be, a part of it, so that one command fails alone."""
        try:
            answers = await self._decide([waiting.command for waiting in group])
            answered = list(zip(group, answers, strict=True))
        except Exception as error:  # noqa: BLE001  Each caller is told, or one of them alone.
            await self._divide(group, error)
        else:
            for waiting, answer in answered:
                waiting.settle(answer)

    async def _divide(self, group: Sequence["_Waiting[C, R]"], error: Exception) -> None:
        if len(group) == 1:
            group[0].fail(error)
        elif isinstance(error, Blocked | RequestInProgress):
            await self._answer_each(group)
        elif isinstance(error, StoreFailure) and not isinstance(error, Contended):
            # A database that is not there is there for nobody.
            _fail_all(group, error)
        else:
            _log.warning("a group of %d is halved: %r", len(group), error)
            middle = len(group) // 2
            await self._answer(group[:middle])
            await self._answer(group[middle:])

    async def _answer_each(self, group: Sequence["_Waiting[C, R]"]) -> None:
        """Decide one by one, until too much time was lost in waiting for others' locks."""
        _log.warning("a group of %d is decided one by one: a lock was not to be had", len(group))
        waits = 0
        for position, waiting in enumerate(group):
            await self._answer([waiting])
            waits += waiting.was_blocked
            if waits == MAX_WAITS:
                _fail_all(group[position + 1 :], Unavailable("somebody else keeps all waiting"))
                return

    def _refuse_all(self) -> None:
        _fail_all(self._queue, Unavailable("the shop is closing"))
        self._queue.clear()


class Lines:
    """All lines of a process, which are opened and drained together."""

    def __init__(self) -> None:
        self._lines: list[GroupCommit[Any, Any]] = []

    def before(self, decide: Decide[C, R], *, at_once: int = 1) -> GroupCommit[C, R]:
        """Return a new line before a use case."""
        line = GroupCommit(decide, at_once=at_once)
        self._lines.append(line)
        return line

    def open(self) -> None:
        """Open all lines, as they are when they are made."""
        for line in self._lines:
            line.open()

    async def drain(self) -> None:
        """Drain all lines."""
        for line in self._lines:
            await line.drain()


class _Waiting(Generic[C, R]):
    """A command, and whoever waits for its answer, as long as they do."""

    def __init__(self, command: C) -> None:
        self.command = command
        self.answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self.was_blocked = False

    @property
    def has_left(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.answer.done()

    def settle(self, answer: R | ShopError) -> None:
        """Answer the command, or refuse it."""
        if isinstance(answer, ShopError):
            self.fail(answer)
        elif not self.has_left:
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Tell why there is no answer."""
        self.was_blocked = isinstance(error, Blocked | RequestInProgress)
        if not self.has_left:
            self.answer.set_exception(error)


def _fail_all(group: Iterable[_Waiting[C, R]], failure: StoreFailure) -> None:
    for waiting in group:
        # Each gets its own: one that is raised in many places would mix up their traces.
        waiting.fail(copy(failure))
