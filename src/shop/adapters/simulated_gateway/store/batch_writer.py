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

Operation = Callable[[sqlite3.Connection], T]

MAX_BATCH_SIZE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _QueuedOperation:
    """A deed, and who waits for what comes of it."""

    operation: Operation[Any]
    loop: AbstractEventLoop
    future: "Future[Any]"


@dataclass(frozen=True, slots=True)
class _Result:
    queued: _QueuedOperation
    value: Any = None
    error: BaseException | None = None


class BatchWriter:
    """One connection in one thread, which does what has queued in one transaction.

    The event loop never waits for the disk. Who asks hears of it once that is written; what fails
    fails alone.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._queue: SimpleQueue[_QueuedOperation | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None

    async def run(self, operation: Operation[T]) -> T:
        """Do it in a transaction with what others ask, and return what it returns.

        It is run again where another's failed. Raise what it raises, or `sqlite3.Error`.
        """
        loop = asyncio.get_running_loop()
        future: Future[T] = loop.create_future()
        if self._thread is None:
            # It ends with the process where nobody has closed it.
            self._thread = threading.Thread(
                target=self._run_batches, name="gateway books", daemon=True
            )
            self._thread.start()
        self._queue.put(_QueuedOperation(operation=operation, loop=loop, future=future))
        return await future

    async def close(self) -> None:
        """Do what has queued, and close the connection; what comes later opens another."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(thread.join)

    def _run_batches(self) -> None:
        is_open = True
        while is_open:
            batch = list(self._next_batch())
            is_open = None not in batch
            operations = [each for each in batch if each is not None]
            if operations:
                _deliver(self._run_batch(operations))
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _next_batch(self) -> Iterator[_QueuedOperation | None]:
        """Yield the first that comes, and what has queued behind it."""
        yield self._queue.get()
        with suppress(Empty):
            for _ in range(MAX_BATCH_SIZE - 1):
                yield self._queue.get_nowait()

    def _run_batch(self, batch: Sequence[_QueuedOperation]) -> Sequence[_Result]:
        try:
            return self._run_in_transaction(batch)
        except Exception as error:  # noqa: BLE001  It is told to whoever asked for what fails.
            if len(batch) == 1:
                return [_Result(batch[0], error=error)]
        return [outcome for each in batch for outcome in self._run_batch([each])]

    def _run_in_transaction(self, batch: Sequence[_QueuedOperation]) -> Sequence[_Result]:
        if self._connection is None:
            self._connection = self._connect()
        with _transaction(self._connection):
            return [_Result(each, value=each.operation(self._connection)) for each in batch]


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


def _deliver(results: Sequence[_Result]) -> None:
    for loop in {outcome.queued.loop for outcome in results}:
        own_results = [outcome for outcome in results if outcome.queued.loop is loop]
        # A loop that has been closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve_futures, own_results)


def _resolve_futures(results: Sequence[_Result]) -> None:
    for result in results:
        future = result.queued.future
        if future.done():
            continue
        if result.error is None:
            future.set_result(result.value)
        else:
            future.set_exception(result.error)
