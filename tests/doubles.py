"""Adapters that do what a test tells them to, where the real ones would be slow or random."""

import asyncio
import inspect
from collections import deque
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.password_hasher import PasswordHasher
from shop.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

CURRENT, FORMER = "plain:", "former:"


class PlainHasher(PasswordHasher):
    """Hides nothing, and takes no time; a hash that begins with `former:` is outdated."""

    async def hash(self, password: str) -> str:
        return CURRENT + password

    async def verify(self, password_hash: str | None, password: str) -> bool:
        return password_hash in {CURRENT + password, FORMER + password}

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith(FORMER)


class CountingIds(IdGenerator):
    """Counts: the same history gives the same ids."""

    def __init__(self) -> None:
        self._given = 0

    def new(self) -> UUID:
        return UUID(int=self._next())

    def order_number(self) -> str:
        return f"NUMBER-{self._next()}"

    @property
    def given(self) -> list[UUID]:
        """All ids so far, and some that went into order numbers instead."""
        return [UUID(int=number) for number in range(1, self._given + 1)]

    def restart(self) -> None:
        """Count from the beginning again, for an empty shop."""
        self._given = 0

    def _next(self) -> int:
        self._given += 1
        return self._given


class WatchedUnitOfWork(UnitOfWork):
    """Does what another one does, but tells of each call before it is made, by its name.

    Whoever is told may raise: then the call fails. What is awaited gives way to others, before
    and after, as it would where it had to wait for an answer. "committed" is told after it.
    """

    def __init__(self, inner: UnitOfWork, tell: Callable[[str], None]) -> None:
        self._inner = inner
        self._tell = tell

    async def __aenter__(self) -> Self:
        await _watched("enter", self._inner.__aenter__, self._tell)()
        for name in UnitOfWork.__annotations__:
            setattr(self, name, _WatchedPort(name, getattr(self._inner, name), self._tell))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._inner.__aexit__(exc_type, exc, traceback)

    async def commit(self) -> None:
        await _watched("commit", self._inner.commit, self._tell)()
        self._tell("committed")


class Mishaps:
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

    def forget(self) -> None:
        """Let all units of work do well from now on."""
        self._planned.clear()

    def new_unit_of_work(self) -> UnitOfWork:
        self.begun += 1
        mishap = self._planned.popleft() if self._planned else None

        def tell(name: str) -> None:
            if mishap is not None and mishap[0] == name:
                raise mishap[1]

        return WatchedUnitOfWork(self._new_unit_of_work(), tell)


class _WatchedPort:
    def __init__(self, name: str, port: object, tell: Callable[[str], None]) -> None:
        self._name = name
        self._port = port
        self._tell = tell

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return _watched(f"{self._name}.{name}", getattr(self._port, name), self._tell)


def _watched(
    name: str, method: Callable[..., Any], tell: Callable[[str], None]
) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: object, **options: object) -> object:
        tell(name)
        return method(*args, **options)

    @wraps(method)
    async def call_and_wait(*args: object, **options: object) -> object:
        tell(name)
        await asyncio.sleep(0)
        answer = await method(*args, **options)
        await asyncio.sleep(0)
        return answer

    return call_and_wait if inspect.iscoroutinefunction(method) else call
