"""A unit of work's turn at the database: what it sees, what it has locked, what it stages."""

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
    LEFT = "was left"


class MemoryTransaction:
    """The time between entering and leaving a unit of work.

    Writing ones come one after the other. All see the state that was committed when they began;
    for a writing one nobody else can change it meanwhile.
    """

    def __init__(self, database: MemoryDatabase, *, writing: bool) -> None:
        self._database = database
        self._writing = writing
        self._phase = _Phase.NOT_ENTERED
        self._state = database.state
        self._last_lock: LockOrder | None = None

    async def begin(self) -> None:
        """Wait for the turn."""
        if self._phase is not _Phase.NOT_ENTERED:
            raise RuntimeError("a unit of work is entered once")
        if self._writing:
            await self._database.writer.acquire()
        self._state = self._database.state
        self._phase = _Phase.OPEN

    def end(self) -> None:
        """Let the next one have its turn."""
        self._phase = _Phase.LEFT
        if self._writing:
            self._database.writer.release()

    @property
    def state(self) -> State:
        """What is committed, as this unit of work sees it."""
        if self._phase is not _Phase.OPEN:
            raise RuntimeError(f"the unit of work {self._phase.value}")
        return self._state

    def require_writing(self) -> None:
        """Raise `RuntimeError` unless something can be staged now."""
        if not self._writing:
            raise RuntimeError("a snapshot changes nothing")
        _ = self.state

    def acquire(self, lock_order: LockOrder) -> None:
        """Record that locks are taken; raise `RuntimeError` if they come too late.

        One writer at a time cannot deadlock here; in a database, two could.
        """
        self.require_writing()
        lock_order.require_after(self._last_lock)
        self._last_lock = lock_order

    def commit(self, changes: Iterable[Callable[[State], State]]) -> None:
        """Make the changes true, all or, where one of them raises, none."""
        self.require_writing()
        state, self._phase = self._state, _Phase.COMMITTED
        for change in changes:
            state = change(state)
        self._database.state = state


class StagedRows(Generic[K, R]):
    """The rows of a table, as one unit of work reads, locks and stages them."""

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
        """The table, as this unit of work sees it."""
        return self._table(self._transaction.state)

    @property
    def staged(self) -> list[R]:
        """Every row that is staged."""
        return [*self.added, *self.saved.values()]

    def lock(self, keys: Collection[K]) -> dict[K, R]:
        """Return those rows that exist, by key; they may be saved."""
        self._transaction.acquire(self._lock_order)
        found = self.committed.get_many(keys)
        self._locked |= found.keys()
        return found

    def require_locked(self, key: K) -> R:
        """Return a row that was locked here; raise `RuntimeError` for any other."""
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
        """Stage the next state of a row that was locked, or of one that was added."""
        key = self.committed.key(row)
        if key in self._added_positions:
            self.added[self._added_positions[key]] = row
        else:
            self.require_locked(key)
            self.saved[key] = row

    def apply(self, state: State) -> Table[K, R]:
        """Return the table after what is staged."""
        return self._table(state).with_changes(added=self.added, saved=self.saved.values())
