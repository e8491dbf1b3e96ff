"""One kind of entity in one table, as one unit of work reads, locks, stages and writes it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Row, Select, Table

from shop.adapters.sql.changes import Change, Fields, alteration, insertion
from shop.adapters.sql.connection import SqlConnection

E = TypeVar("E")


class SqlEntities(Generic[E]):
    """The entities of a table. What was locked or added here may be saved; all else is a fault.

    The question selects the table's rows in the order of their keys, in which they are locked.
    """

    def __init__(
        self,
        connection: SqlConnection,
        question: Select[Any],
        key: Column[Any],
        *,
        entity: Callable[[Row[Any]], E],
        fields: Callable[[E], Fields],
    ) -> None:
        self._connection = connection
        self._question = question
        self._table: Table = key.table
        self._key = key
        self._entity = entity
        self._fields = fields
        self._locked: set[object] = set()
        self._added: dict[object, Fields] = {}
        self._saved: dict[object, Fields] = {}

    async def get_many(self, values: Collection[object], by: Column[Any]) -> Sequence[E]:
        """Return the entities where a column has one of the values."""
        rows = await self._connection.among(self._question, by, values)
        return [self._entity(row) for row in rows]

    async def lock(self, values: Collection[object], by: Column[Any]) -> Sequence[E]:
        """Do the same, and lock their rows in the order of their keys."""
        rows = await self._connection.among(self._question, by, values, lock=True)
        self._locked.update(getattr(row, self._key.name) for row in rows)
        return [self._entity(row) for row in rows]

    def add(self, entity: E) -> None:
        """Stage a new entity."""
        self._connection.require_staging()
        fields = self._fields(entity)
        self._added[fields[self._key.name]] = fields

    def save(self, entity: E) -> None:
        """Stage the next state of an entity that was locked, or of one that was added."""
        self._connection.require_staging()
        fields = self._fields(entity)
        key = fields[self._key.name]
        if key in self._added:
            self._added[key] = fields
        elif key in self._locked:
            self._saved[key] = fields
        else:
            raise RuntimeError(f"{self._table.name} {key} was not locked in this unit of work")

    async def insert_new(self) -> Collection[object]:
        """Write what was added; return the keys of those that would break a uniqueness."""
        inserted = await self._connection.insert_new(self._table, list(self._added.values()))
        return self._added.keys() - {row[0] for row in inserted}

    def insertions(self) -> Iterator[Change]:
        """Return what was added, as a change."""
        return insertion(self._table, self._added.values())

    def alterations(self) -> Iterator[Change]:
        """Return the next states, as a change."""
        lost = RuntimeError(f"locked rows of {self._table.name} are not there any more")
        return alteration(self._table, [self._key.name], self._saved.values(), otherwise=lost)
