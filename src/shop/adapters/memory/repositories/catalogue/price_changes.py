"""The history of prices in memory."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from shop.adapters.memory.engine.database import PriceChangeRow, State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.catalogue.price_changes import PriceChanges
from shop.domain.catalogue.price_history import PriceChange


class MemoryPriceChanges(PriceChanges):
    """The prices of all variants, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: list[PriceChange] = []

    async def of_variant(self, sku: str) -> Sequence[PriceChange]:
        """Return the prices of a variant."""
        rows = self._transaction.state.price_changes.rows.values()
        of_variant = [each.change for each in rows if each.change.sku == sku]
        return sorted(of_variant, key=lambda change: change.at)

    def add(self, change: PriceChange) -> None:
        """Stage a price."""
        self._transaction.require_writing()
        self._added.append(change)

    def apply(self, state: State) -> State:
        """Return the state with the staged prices."""
        for change in self._added:
            require_constraint(change.sku in state.variants.rows, "fk_price_changes_sku_variants")
        added = [PriceChangeRow(id=uuid4(), change=each) for each in self._added]
        return replace(state, price_changes=state.price_changes.with_changes(added=added))
