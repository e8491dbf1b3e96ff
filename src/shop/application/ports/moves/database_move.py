"""Port to moving a shop from one database into another."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from enum import StrEnum

from shop.domain.shared.value import value


class MoveRejected(Exception):
    """The shop cannot move; the message says why, and what to do. Nothing has changed by it."""


class MoveStep(StrEnum):
    """How far a move has come, as the database says that the shop leaves."""

    COPYING = "copying"  # The shop serves, and its changes are recorded.
    STOPPED = "stopped"  # Nothing is written any more.
    MOVED = "moved"  # The shop has left, but the other database may not be released yet.
    COMPLETE = "complete"  # The shop is in the other database.


@value
class MoveState:
    """A move that has begun; `target` is its address without secrets."""

    token: str
    target: str
    step: MoveStep


@value
class TableComparison:
    """A table on both sides: its numbers of rows, and whether the checksums are equal."""

    table: str
    rows_before: int
    rows_after: int
    is_equal: bool


class DatabaseMove(ABC):
    """Copies a database in use into an empty one, and hands the shop over.

    The methods are called in the order in which they are here. Whatever ends the process between
    them, the move can begin again, or be undone while the other database is not released.
    """

    target: str
    """The address of the other database, without secrets."""

    @abstractmethod
    async def state(self) -> MoveState | None:
        """Return what the database says of an earlier move; raise `MoveRejected`."""

    @abstractmethod
    async def require_movable(self) -> None:
        """Check the database that the shop leaves; raise `MoveRejected`."""

    @abstractmethod
    def target_opened(self, state: MoveState | None) -> AbstractAsyncContextManager[None]:
        """Keep the other database for this process alone until the context ends.

        Raise `MoveRejected` if it is not empty, unless by an earlier attempt, or of another
        release, or if another process moves into it. Nothing changes before `begin`.
        """

    @abstractmethod
    async def is_released(self) -> bool:
        """Check whether shops may open the other database."""

    @abstractmethod
    async def begin(self, token: str) -> None:
        """Record changes from now on; empty the other database, and let no shop open it."""

    @abstractmethod
    def copy(self) -> AsyncIterator[tuple[str, int]]:
        """Copy one snapshot, and yield each table with its number of rows."""

    @abstractmethod
    async def catch_up(self) -> int:
        """Copy what has changed since the last snapshot; return the number of changed rows."""

    @abstractmethod
    async def analyse(self) -> None:
        """Update the statistics of the other database."""

    @abstractmethod
    async def stop_writes(self) -> None:
        """Let nothing be written to the database that the shop leaves."""

    @abstractmethod
    async def compare(self) -> Sequence[TableComparison]:
        """Compare all tables on both sides."""

    @abstractmethod
    async def mark_moved(self, moved_at: datetime) -> None:
        """Let no process serve the database that the shop leaves."""

    @abstractmethod
    async def release(self) -> None:
        """Let shops open the other database; from now on, the move cannot be undone."""

    @abstractmethod
    async def complete(self) -> None:
        """Record that the other database is released."""

    @abstractmethod
    async def undo(self) -> None:
        """Let the shop go on in the database that it was to leave."""
