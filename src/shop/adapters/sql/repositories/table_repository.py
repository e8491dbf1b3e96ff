"""Reads, locks and stages the entities of one table."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Row, Select, Table

from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.guards import Guard
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    add_to_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.unit_of_work import LockOrder

E = TypeVar("E")


class SqlTableRepository(Generic[E]):
    """The entities of a table; only locked or added ones can be saved.

    The query sorts the rows by key, and they are locked in this order.
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
        self._locked: dict[object, E] = {}
        self._added: dict[object, Fields] = {}
        self._saved: dict[object, Fields] = {}

    async def get_many(self, values: Collection[object], by: Column[Any]) -> Sequence[E]:
        """Return the entities in which a column has one of the values."""
        rows = await self._connection.fetch_where_in(self._query, by, values)
        return [self._to_entity(row) for row in rows]

    async def lock(
        self, order: LockOrder, values: Collection[object], by: Column[Any]
    ) -> Sequence[E]:
        """Like `get_many`, and lock the rows in the order of their keys."""
        rows = await self._connection.fetch_where_in(self._query, by, values, lock=order)
        locked = {getattr(row, self._key.name): self._to_entity(row) for row in rows}
        self._locked |= locked
        return list(locked.values())

    def add(self, entity: E) -> None:
        """Stage a new entity."""
        self._connection.require_staging()
        fields = self._to_fields(entity)
        self._added[fields[self._key.name]] = fields

    def save(self, entity: E) -> None:
        """Stage the next state of a locked or added entity."""
        self._connection.require_staging()
        fields = self._to_fields(entity)
        key = fields[self._key.name]
        if key in self._added:
            self._added[key] = fields
        elif key in self._locked:
            self._saved[key] = fields
        else:
            raise RuntimeError(f"{self._table.name} {key} was not locked in this unit of work")

    @property
    def has_added(self) -> bool:
        """Whether new entities are staged."""
        return bool(self._added)

    async def insert_if_absent(self) -> Collection[object]:
        """Insert the added entities; return the keys of those with a unique conflict."""
        inserted = await self._connection.insert_if_absent(self._table, list(self._added.values()))
        return self._added.keys() - {row[0] for row in inserted}

    def inserts(self) -> Iterator[PendingWrite]:
        """Yield the write of the added entities."""
        return insert_rows(self._table, self._added.values())

    def updates(self) -> Iterator[PendingWrite]:
        """Yield the write of the saved entities."""
        return update_rows(
            self._table,
            [self._key.name],
            self._saved.values(),
            error_if_incomplete=self._missing_rows(),
        )

    def additions(self, names: Sequence[str], *, allowed_if: Guard) -> Iterator[PendingWrite]:
        """Like `updates`, but yield what the saved entities add to these numbers.

        `allowed_if` compares the numbers in the table with what is added to them.
        """
        return add_to_rows(
            self._table,
            self._key.name,
            [self._addition(key, names) for key in self._saved],
            allowed_if=allowed_if,
            error_if_incomplete=self._missing_rows(),
        )

    def _addition(self, key: object, names: Sequence[str]) -> Fields:
        before, after = self._to_fields(self._locked[key]), self._saved[key]
        # SQLAlchemy's names are a subclass of `str`, which JSON does not take as keys.
        return {str(self._key.name): key, **{name: after[name] - before[name] for name in names}}

    def _missing_rows(self) -> RuntimeError:
        return RuntimeError(f"locked rows of {self._table.name} are missing or have changed")
