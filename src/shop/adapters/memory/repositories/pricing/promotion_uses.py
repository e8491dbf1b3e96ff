"""The uses of promotions in memory."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.repositories.pricing.promotion_uses import PromotionUses
from shop.domain.orders.order import BOUGHT, Order, OrderStatus
from shop.domain.pricing.promotions.promotion_uses import HeldUse, PromotionUse


class MemoryPromotionUses(PromotionUses):
    """All uses, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._added: list[PromotionUse] = []
        self._removed: set[tuple[str, UUID]] = set()
        self._highest: dict[str, int] = {}

    async def orders_by_code(self, promotion: str, codes: Collection[str]) -> Mapping[str, UUID]:
        """Return the order that has each code."""
        return {
            each.code: each.order_id
            for each in self._committed()
            if each.promotion == promotion and each.code in codes and each.code is not None
        }

    async def of_customers(
        self, promotions: Collection[str], customer_keys: Collection[str]
    ) -> Mapping[tuple[str, str], Sequence[HeldUse]]:
        """Return the uses of customers."""
        held: defaultdict[tuple[str, str], list[HeldUse]] = defaultdict(list)
        for use in sorted(self._committed(), key=lambda each: (each.created_at, each.order_id)):
            if use.promotion in promotions and use.customer_key in customer_keys:
                held[(use.promotion, use.customer_key)].append(self._held(use))
        return held

    async def customers_with_orders(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those who have an order that counts."""
        return frozenset(each.user_id for each in self._counting() if each.user_id in user_ids)

    async def emails_with_orders(self, email_keys: Collection[str]) -> frozenset[str]:
        """Return those that stand on an order that counts."""
        found = {each.details.email_key for each in self._counting()}
        return frozenset(each for each in email_keys if each in found)

    def add(self, use: PromotionUse) -> None:
        """Stage a use."""
        self._transaction.require_writing()
        self._added.append(use)

    def remove(self, promotion: str, order_id: UUID) -> None:
        """Stage the deletion of a use."""
        self._transaction.require_writing()
        self._removed.add((promotion, order_id))

    def forget_numbers(self, promotion: str, above: int) -> None:
        """Stage that higher numbers are free again."""
        self._transaction.require_writing()
        self._highest[promotion] = above

    def apply(self, state: State) -> State:
        """Return the state with the staged uses."""
        for use in self._added:
            is_known = use.order_id in state.orders.rows
            require_constraint(is_known, "fk_promotion_uses_order_id_orders")
        too_high = [
            replace(use, n=None)
            for use in state.promotion_uses.rows.values()
            if use.n is not None and use.n > self._highest.get(use.promotion, use.n)
        ]
        uses = state.promotion_uses.with_changes(
            added=self._added, saved=too_high, removed=self._removed
        )
        return replace(state, promotion_uses=uses)

    def _held(self, use: PromotionUse) -> HeldUse:
        order = self._transaction.state.orders.rows[use.order_id]
        return HeldUse(
            order_id=use.order_id,
            n=use.n,
            code=use.code,
            is_pending=order.status is OrderStatus.PENDING,
        )

    def _counting(self) -> Iterator[Order]:
        for each in self._transaction.state.orders.rows.values():
            if each.status is OrderStatus.PENDING or each.status in BOUGHT:
                yield each

    def _committed(self) -> Collection[PromotionUse]:
        return self._transaction.state.promotion_uses.rows.values()
