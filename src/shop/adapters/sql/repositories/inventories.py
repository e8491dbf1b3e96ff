"""Inventories and stock movements in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Row, Table, select

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import inventories, stock_movements
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import newest_first, to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.inventories import Inventories
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind

INVENTORIES = select(inventories).order_by(inventories.c.sku)

MOVEMENTS = select(stock_movements)


class SqlInventories(Inventories):
    """The tables of inventories and stock movements."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._inventories = SqlTableRepository(
            connection, INVENTORIES, inventories.c.sku, to_entity=_inventory, to_fields=_fields
        )
        self._movements: list[Fields] = []

    async def get_many(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Return inventories by SKU."""
        found = await self._inventories.get_many(skus, by=inventories.c.sku)
        return {each.sku: each for each in found}

    async def lock(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Like `get_many`, and lock the rows."""
        found = await self._inventories.lock(LockOrder.INVENTORIES, skus, by=inventories.c.sku)
        return {each.sku: each for each in found}

    async def movements(
        self, sku: str, page: PageRequest[TimeCursor]
    ) -> Page[StockMovement, TimeCursor]:
        """Return a page of the movements of an inventory."""
        of_sku = MOVEMENTS.where(stock_movements.c.sku == sku)
        rows = await self._connection.fetch_all(
            newest_first(of_sku, stock_movements.c.created_at, stock_movements.c.id, page)
        )
        return to_page(
            list(map(_movement, rows)),
            page,
            lambda movement: TimeCursor(at=movement.created_at, id=movement.id),
        )

    async def find_movements(self, ids: Collection[UUID]) -> Mapping[UUID, StockMovement]:
        """Return movements by id."""
        rows = await self._connection.fetch_where_in(MOVEMENTS, stock_movements.c.id, ids)
        return {row.id: _movement(row) for row in rows}

    def add(self, inventory: Inventory) -> None:
        """Stage a new, empty inventory."""
        self._inventories.add(inventory)

    def save(self, inventory: Inventory, movement: StockMovement) -> None:
        """Stage the new state of an inventory and the movement to it."""
        self._inventories.save(inventory)
        self._movements.append(_movement_fields(movement))

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._inventories.inserts()
        yield from self._inventories.additions(["on_hand", "reserved"], allowed_if=_covers)
        yield from insert_rows(stock_movements, self._movements)


def _covers(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the addition only if what is reserved stays on hand."""
    on_hand, reserved = table.c.on_hand + rows.c.on_hand, table.c.reserved + rows.c.reserved
    return reserved.between(0, on_hand)


def _inventory(row: Row[Any]) -> Inventory:
    return Inventory(sku=row.sku, on_hand=row.on_hand, reserved=row.reserved)


def _fields(inventory: Inventory) -> Fields:
    return {
        "sku": inventory.sku,
        "on_hand": inventory.on_hand,
        "reserved": inventory.reserved,
    }


def _movement(row: Row[Any]) -> StockMovement:
    return StockMovement(
        id=row.id,
        sku=row.sku,
        kind=StockMovementKind(row.kind),
        on_hand_delta=row.on_hand_delta,
        reserved_delta=row.reserved_delta,
        order_id=row.order_id,
        reason=row.reason,
        created_at=row.created_at,
    )


def _movement_fields(movement: StockMovement) -> Fields:
    return {
        "id": movement.id,
        "sku": movement.sku,
        "kind": movement.kind.value,
        "on_hand_delta": movement.on_hand_delta,
        "reserved_delta": movement.reserved_delta,
        "order_id": movement.order_id,
        "reason": movement.reason,
        "created_at": movement.created_at,
    }
