"""Inventories in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.inventories import Inventories
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.inventory import Inventory, StockMovement


class MemoryInventories(Inventories):
    """All inventories, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.INVENTORIES, lambda state: state.inventories)
        self._movements: list[StockMovement] = []

    async def get_many(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Return inventories by SKU."""
        return self._rows.committed.get_many(skus)

    async def lock(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Like `get_many`, and lock the inventories."""
        return self._rows.lock(skus)

    async def movements(
        self, sku: str, page: PageRequest[TimeCursor]
    ) -> Page[StockMovement, TimeCursor]:
        """Return a page of the movements of an inventory."""
        rows = self._transaction.state.stock_movements.rows.values()
        return newest_first(
            (each for each in rows if each.sku == sku),
            page,
            lambda movement: TimeCursor(at=movement.created_at, id=movement.id),
        )

    async def find_movements(self, ids: Collection[UUID]) -> Mapping[UUID, StockMovement]:
        """Return movements by id."""
        return self._transaction.state.stock_movements.get_many(ids)

    def add(self, inventory: Inventory) -> None:
        """Stage a new inventory."""
        self._rows.add(inventory)

    def save(self, inventory: Inventory, movement: StockMovement) -> None:
        """Stage the new state of an inventory and the movement to it."""
        self._rows.save(inventory)
        self._movements.append(movement)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for inventory in self._rows.staged:
            in_range = 0 <= inventory.reserved <= inventory.on_hand
            require_constraint(in_range, "ck_inventories_reserved_on_hand")
        inventories = self._rows.apply(state)
        for movement in self._movements:
            require_constraint(movement.sku in inventories.rows, "fk_movements_sku_inventories")
        movements = state.stock_movements.with_changes(added=self._movements)
        return replace(state, inventories=inventories, stock_movements=movements)
