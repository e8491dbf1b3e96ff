"""One kind of entity in one table, as one unit of work reads, locks, stages and writes it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Row, Select, Table

from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows, update_rows
from shop.application.ports.unit_of_work import LockOrder

E = TypeVar("E")


class SqlTableRepository(Generic[E]):
    """The entities of a table. What was locked or added here may be saved; all else is a fault.

    The question selects the table's rows in the order of their keys, in which they are locked.
    """

    def __init__(
        self,
        connection: SqlConnection,
        query: Select[Any],
        key: Column[Any],
        *,
        to_entity: Callable[[Row[Any]], E],
        to_fields: Callable[[E], Fields],
    ) -> None:
        self._connection = connection
        self._query = query
        self._table: Table = key.table
        self._key = key
        self._to_entity = to_entity
        self._to_fields = to_fields
        self._locked: set[object] = set()
        self._added: dict[object, Fields] = {}
        self._saved: dict[object, Fields] = {}

    async def get_many(self, values: Collection[object], by: Column[Any]) -> Sequence[E]:
        """Return the entities where a column has one of the values."""
        rows = await self._connection.fetch_where_in(self._query, by, values)
        return [self._to_entity(row) for row in rows]

    async def lock(
        self, order: LockOrder, values: Collection[object], by: Column[Any]
    ) -> Sequence[E]:
        """Like `get_many`, and lock the rows in the order of their keys."""
        rows = await self._connection.fetch_where_in(self._query, by, values, lock=order)
        self._locked.update(getattr(row, self._key.name) for row in rows)
        return [self._to_entity(row) for row in rows]

    def add(self, entity: E) -> None:
        """Stage a new entity."""
        self._connection.require_staging()
        fields = self._to_fields(entity)
        self._added[fields[self._key.name]] = fields

    def save(self, entity: E) -> None:
        """Stage the next state of an entity that was locked, or of one that was added."""
        self._connection.require_staging()
        fields = self._to_fields(entity)
        key = fields[self._key.name]
        if key in self._added:
            self._added[key] = fields
        elif key in self._locked:
            self._saved[key] = fields
        else:
            raise RuntimeError(f"{self._table.name} {key} was not locked in this unit of work")

    async def insert_if_absent(self) -> Collection[object]:
        """Write what was added; return the keys of those that would break a uniqueness."""
        inserted = await self._connection.insert_if_absent(self._table, list(self._added.values()))
        return self._added.keys() - {row[0] for row in inserted}

    def inserts(self) -> Iterator[PendingWrite]:
        """Return what was added, as a change."""
        return insert_rows(self._table, self._added.values())

    def updates(self) -> Iterator[PendingWrite]:
        """Return the next states, as a change."""
        missing_rows = RuntimeError(f"locked rows of {self._table.name} are not there any more")
        return update_rows(
            self._table, [self._key.name], self._saved.values(), error_if_incomplete=missing_rows
        )
