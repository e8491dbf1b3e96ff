"""Adapters that the test controls, where the real ones are slow or random."""

import asyncio
import inspect
from collections import deque
from collections.abc import Callable, Collection
from functools import wraps
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

CURRENT_PREFIX, OUTDATED_PREFIX = "plain:", "former:"


class FakePasswordHasher(PasswordHasher):
    """Hides nothing, and takes no time; a hash that begins with `former:` is outdated."""

    async def hash(self, password: str) -> str:
        return CURRENT_PREFIX + password

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return password_hash in {CURRENT_PREFIX + password, OUTDATED_PREFIX + password}

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith(OUTDATED_PREFIX)


class SequentialIds(IdGenerator):
    """Counts: the same history gives the same ids."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> UUID:
        return UUID(int=self._next())

    def order_number(self) -> str:
        return f"NUMBER-{self._next()}"

    @property
    def generated(self) -> list[UUID]:
        """All ids so far, and some that went into order numbers instead."""
        return [UUID(int=number) for number in range(1, self._count + 1)]

    @property
    def count(self) -> int:
        """How many there are so far."""
        return self._count

    def restart(self, count: int = 0) -> None:
        """Count from the beginning again, for an empty shop, or from a number of before."""
        self._count = count

    def _next(self) -> int:
        self._count += 1
        return self._count


class SpyUnitOfWork(UnitOfWork):
    """A unit of work that reports the name of each call before it makes it.

    If the listener raises, the call fails. Awaited calls let other tasks run before and after, as
    if they waited for a response. "committed" is reported after the commit.
    """

    def __init__(self, inner: UnitOfWork, on_call: Callable[[str], None]) -> None:
        self._inner = inner
        self._on_call = on_call

    async def __aenter__(self) -> Self:
        await _reporting_calls("enter", self._inner.__aenter__, self._on_call)()
        for name in UnitOfWork.__annotations__:
            setattr(self, name, _SpyPort(name, getattr(self._inner, name), self._on_call))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._inner.__aexit__(exc_type, exc, traceback)

    async def read_ahead(self, wanted: Collection[RowsWanted]) -> None:
        await _reporting_calls("read_ahead", self._inner.read_ahead, self._on_call)(wanted)

    async def commit(self) -> None:
        await _reporting_calls("commit", self._inner.commit, self._on_call)()
        self._on_call("committed")


class InjectedFaults:
    """Makes units of work fail, one after the other, as a test has planned; the rest do well."""

    def __init__(self, new_unit_of_work: UnitOfWorkFactory) -> None:
        self._new_unit_of_work = new_unit_of_work
        self._planned: deque[tuple[str, Exception]] = deque()
        self.begun = 0
        """How many units of work there have been."""

    def plan(self, *mishaps: tuple[str, Exception]) -> None:
        """Let each of the next units of work fail: at which call, and how.

        Calls are named as in "commit" or "orders.add"; "committed" is when it has happened, and
        only the answer is lost.
        """
        self._planned.extend(mishaps)

    def clear(self) -> None:
        """Let all units of work do well from now on."""
        self._planned.clear()

    def new_unit_of_work(self) -> UnitOfWork:
        self.begun += 1
        fault = self._planned.popleft() if self._planned else None

        def on_call(name: str) -> None:
            if fault is not None and fault[0] == name:
                raise fault[1]

        return SpyUnitOfWork(self._new_unit_of_work(), on_call)


class _SpyPort:
    def __init__(self, name: str, port: object, on_call: Callable[[str], None]) -> None:
        self._name = name
        self._port = port
        self._on_call = on_call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _reporting_calls(f"{self._name}.{name}", getattr(self._port, name), self._on_call)


def _reporting_calls(
    name: str, method: Callable[..., Any], on_call: Callable[[str], None]
) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: object, **options: object) -> object:
        on_call(name)
        return method(*args, **options)

    @wraps(method)
    async def call_and_wait(*args: object, **options: object) -> object:
        on_call(name)
        await asyncio.sleep(0)
        result = await method(*args, **options)
        await asyncio.sleep(0)
        return result

    return call_and_wait if inspect.iscoroutinefunction(method) else call
