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
from copy import copy
from typing import Generic, TypeVar

from shop.application.ports.unit_of_work import Contended, StoreFailure, Unavailable
from shop.domain.errors import ShopError

C = TypeVar("C")
R = TypeVar("R")

MAX_GROUP = 128
MAX_QUEUE = 1024

_log = logging.getLogger(__name__)


def answer_or_refusal(command: C, decide: Callable[[C], R]) -> R | ShopError:
    """Return the answer to one command of a group, or what it was refused with."""
    try:
        return decide(command)
    except ShopError as refusal:
        return refusal


class _Waiting(Generic[C, R]):
    """A command, and whoever waits for its answer, as long as they do."""

    def __init__(self, command: C) -> None:
        self.command = command
        self.answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()

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
        if not self.has_left:
            self.answer.set_exception(error)


class GroupCommit(Generic[C, R]):
    """The line before a use case that decides many commands in one unit of work.

    The use case refuses a command in its answer, by a `ShopError`; an error that it raises is one
    of the whole group. It can tell what it has decided before: where a commit may or may not have
    happened it runs the same commands again, and so may this. Questions go together as well, to
    be answered from one snapshot, which is younger than each of them.
    """

    def __init__(self, decide: Callable[[Sequence[C]], Awaitable[Sequence[R | ShopError]]]) -> None:
        self._decide = decide
        self._queue: deque[_Waiting[C, R]] = deque()
        self._leader: asyncio.Task[None] | None = None
        self._is_draining = False

    async def send(self, command: C) -> R:
        """Return the answer to a command, which is decided with those that wait beside it.

        A caller that is cancelled leaves the line; once its group has begun, the command is
        decided all the same. Raise the refusal; `Unavailable` where the line is full or the shop
        is closing; and whatever the use case raises for this command alone.
        """
        if self._is_draining:
            raise Unavailable("the shop is closing")
        if len(self._queue) >= MAX_QUEUE:
            raise Unavailable("too many wait already")
        waiting = _Waiting[C, R](command)
        self._queue.append(waiting)
        if self._leader is None:
            self._leader = asyncio.create_task(self._lead())
        return await waiting.answer

    async def drain(self) -> None:
        """Finish the group that has begun; refuse what waits, and what comes until that is done."""
        self._is_draining = True
        _fail_all(self._queue, Unavailable("the shop is closing"))
        self._queue.clear()
        if self._leader is not None:
            await self._leader
        self._is_draining = False

    async def _lead(self) -> None:
        while group := self._next_group():
            await self._settle(group)
        self._leader = None

    def _next_group(self) -> Sequence[_Waiting[C, R]]:
        group: list[_Waiting[C, R]] = []
        while self._queue and len(group) < MAX_GROUP:
            waiting = self._queue.popleft()
            if not waiting.has_left:
                group.append(waiting)
        return group

    async def _settle(self, group: Sequence[_Waiting[C, R]]) -> None:
        """Decide a group; where that cannot be, its halves, so that one command fails alone."""
        try:
            answers = await self._decide([waiting.command for waiting in group])
            answered = list(zip(group, answers, strict=True))
        except Exception as error:  # noqa: BLE001  Each caller is told, or one of them alone.
            if len(group) == 1:
                group[0].fail(error)
            elif isinstance(error, StoreFailure) and not isinstance(error, Contended):
                # A database that is not there is there for nobody.
                _fail_all(group, error)
            else:
                _log.warning("a group of %d is halved: %r", len(group), error)
                middle = len(group) // 2
                await self._settle(group[:middle])
                await self._settle(group[middle:])
        else:
            for waiting, answer in answered:
                waiting.settle(answer)


def _fail_all(group: Iterable[_Waiting[C, R]], failure: StoreFailure) -> None:
    for waiting in group:
        # Each gets its own: one that is raised in many places would mix up their traces.
        waiting.fail(copy(failure))
