"""Transactions in memory: what a unit of work reads, locks and stages."""

from collections.abc import Callable, Collection, Hashable, Iterable
from enum import Enum
from typing import Generic, TypeVar

from shop.adapters.memory.engine.database import MemoryDatabase, State
from shop.adapters.memory.engine.table import Table
from shop.application.ports.unit_of_work import LockOrder

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class _Phase(Enum):
    NOT_ENTERED = "was not entered"
    OPEN = "is open"
    COMMITTED = "has committed"
    LEFT = "has ended"


class MemoryTransaction:
    """One transaction, which sees the state that was committed when it began.

    Writing transactions run one after the other, so no other can change the state.
    """

    def __init__(self, database: MemoryDatabase, *, writing: bool) -> None:
        self._database = database
        self._writing = writing
        self._phase = _Phase.NOT_ENTERED
        self._state = database.state
        self._last_lock: LockOrder | None = None

    async def begin(self) -> None:
        """Begin; a writing transaction waits for the one before it."""
        if self._phase is not _Phase.NOT_ENTERED:
            raise RuntimeError("a unit of work can be entered only once")
        if self._writing:
            await self._database.writer.acquire()
        self._state = self._database.state
        self._phase = _Phase.OPEN

    def end(self) -> None:
        """End, so that the next writing transaction can begin."""
        self._phase = _Phase.LEFT
        if self._writing:
            self._database.writer.release()

    @property
    def state(self) -> State:
        """The committed state that this transaction sees."""
        if self._phase is not _Phase.OPEN:
            raise RuntimeError(f"the unit of work {self._phase.value}")
        return self._state

    def require_writing(self) -> None:
        """Raise `RuntimeError` unless changes can be staged now."""
        if not self._writing:
            raise RuntimeError("cannot stage changes: the unit of work is read-only")
        _ = self.state

    def acquire(self, lock_order: LockOrder) -> None:
        """Record that locks are taken; raise `RuntimeError` if they come too late.

        One writer at a time cannot deadlock here; in a database, two could.
        """
        self.require_writing()
        lock_order.require_after(self._last_lock)
        self._last_lock = lock_order

    def commit(self, changes: Iterable[Callable[[State], State]]) -> None:
        """Apply all changes, or none if one of them raises."""
        self.require_writing()
        state, self._phase = self._state, _Phase.COMMITTED
        for change in changes:
            state = change(state)
        self._database.state = state


class StagedRows(Generic[K, R]):
    """Reads, locks and stages the rows of a table in one transaction."""

    def __init__(
        self,
        transaction: MemoryTransaction,
        lock_order: LockOrder,
        table: Callable[[State], Table[K, R]],
    ) -> None:
        self._transaction = transaction
        self._lock_order = lock_order
        self._table = table
        self._locked: set[K] = set()
        self.added: list[R] = []
        self._added_positions: dict[K, int] = {}
        self.saved: dict[K, R] = {}

    @property
    def committed(self) -> Table[K, R]:
        """The committed table that this transaction sees."""
        return self._table(self._transaction.state)

    @property
    def staged(self) -> list[R]:
        """All staged rows."""
        return [*self.added, *self.saved.values()]

    def lock(self, keys: Collection[K]) -> dict[K, R]:
        """Return and lock rows by key."""
        self._transaction.acquire(self._lock_order)
        found = self.committed.get_many(keys)
        self._locked |= found.keys()
        return found

    def require_locked(self, key: K) -> R:
        """Return a locked row; raise `RuntimeError` if it was not locked."""
        self._transaction.require_writing()
        if key not in self._locked:
            name = self.committed.name
            raise RuntimeError(f"{name}: {key} was not locked in this unit of work")
        return self.committed.rows[key]

    def add(self, row: R) -> None:
        """Stage a new row."""
        self._transaction.require_writing()
        self._added_positions[self.committed.key(row)] = len(self.added)
        self.added.append(row)

    def save(self, row: R) -> None:
        """Stage the next state of a locked or added row."""
        key = self.committed.key(row)
        if key in self._added_positions:
            self.added[self._added_positions[key]] = row
        else:
            self.require_locked(key)
            self.saved[key] = row

    def apply(self, state: State) -> Table[K, R]:
        """Return the table with the staged rows."""
        return self._table(state).with_changes(added=self.added, saved=self.saved.values())
