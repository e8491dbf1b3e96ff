"""The uses of promotions in memory."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.pricing.uses import Uses
from shop.domain.pricing.promotions.promotion_uses import PromotionUse


class MemoryUses(Uses):
    """All uses, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: list[PromotionUse] = []

    async def counts(self, promotions: Collection[str]) -> Mapping[str, int]:
        """Return how many orders have each promotion."""
        found = Counter(each.promotion for each in self._committed())
        return {each: found[each] for each in promotions}

    async def orders_by_code(self, promotion: str, codes: Collection[str]) -> Mapping[str, UUID]:
        """Return the order that has each code."""
        return {
            each.code: each.order_id
            for each in self._committed()
            if each.promotion == promotion and each.code in codes and each.code is not None
        }

    def add(self, use: PromotionUse) -> None:
        """Stage a use."""
        self._transaction.require_writing()
        self._added.append(use)

    def apply(self, state: State) -> State:
        """Return the state with the staged uses."""
        for use in self._added:
            is_known = use.order_id in state.orders.rows
            require_constraint(is_known, "fk_promotion_uses_order_id_orders")
        return replace(state, promotion_uses=state.promotion_uses.with_changes(added=self._added))

    def _committed(self) -> Collection[PromotionUse]:
        return self._transaction.state.promotion_uses.rows.values()
