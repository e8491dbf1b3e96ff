"""Shared commits: what is asked at the same time is written to the disk in one go."""

import asyncio
import sqlite3
import threading
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

Deed = Callable[[sqlite3.Connection], T]

MAX_TOGETHER = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A deed, and who waits for what comes of it."""

    deed: Deed[Any]
    loop: AbstractEventLoop
    future: "Future[Any]"


@dataclass(frozen=True, slots=True)
class _Outcome:
    asked: _Asked
    result: Any = None
    error: BaseException | None = None


class SharedCommits:
    """One connection in one thread, which does what has queued in one transaction.

    The event loop never waits for the disk. Who asks hears of it once that is written; what fails
    fails alone.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._queue: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None

    async def do(self, deed: Deed[T]) -> T:
        """Do it in a transaction with what others ask, and return what it returns.

        It is run again where another's failed. Raise what it raises, or `sqlite3.Error`.
        """
        loop = asyncio.get_running_loop()
        future: Future[T] = loop.create_future()
        if self._thread is None:
            # It ends with the process where nobody has closed it.
            self._thread = threading.Thread(target=self._work, name="gateway books", daemon=True)
            self._thread.start()
        self._queue.put(_Asked(deed=deed, loop=loop, future=future))
        return await future

    async def close(self) -> None:
        """Do what has queued, and close the connection; what comes later opens another."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(thread.join)

    def _work(self) -> None:
        is_open = True
        while is_open:
            batch = list(self._waiting())
            is_open = None not in batch
            asked = [each for each in batch if each is not None]
            if asked:
                _tell(self._done(asked))
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _waiting(self) -> Iterator[_Asked | None]:
        """Yield the first that comes, and what has queued behind it."""
        yield self._queue.get()
        with suppress(Empty):
            for _ in range(MAX_TOGETHER - 1):
                yield self._queue.get_nowait()

    def _done(self, batch: Sequence[_Asked]) -> Sequence[_Outcome]:
        try:
            return self._together(batch)
        except Exception as error:  # noqa: BLE001  It is told to whoever asked for what fails.
            if len(batch) == 1:
                return [_Outcome(batch[0], error=error)]
        return [outcome for each in batch for outcome in self._done([each])]

    def _together(self, batch: Sequence[_Asked]) -> Sequence[_Outcome]:
        if self._connection is None:
            self._connection = self._connect()
        with _transaction(self._connection):
            return [_Outcome(each, result=each.deed(self._connection)) for each in batch]


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Some errors have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _tell(outcomes: Sequence[_Outcome]) -> None:
    for loop in {outcome.asked.loop for outcome in outcomes}:
        its = [outcome for outcome in outcomes if outcome.asked.loop is loop]
        # A loop that has been closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, its)


def _settle(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        future = outcome.asked.future
        if future.done():
            continue
        if outcome.error is None:
            future.set_result(outcome.result)
        else:
            future.set_exception(outcome.error)
