"""Refunds in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.repositories.orders import MemoryOrders
from shop.application.ports.repositories.refunds import Refunds
from shop.domain.orders.refund import Refund


class MemoryRefunds(Refunds):
    """All refunds, in memory."""

    def __init__(self, transaction: MemoryTransaction, orders: MemoryOrders) -> None:
        self._transaction = transaction
        self._orders = orders
        self._added: list[Refund] = []
        self._saved: dict[UUID, Refund] = {}

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Refund]:
        """Return refunds by id."""
        return self._transaction.state.refunds.get_many(ids)

    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Refund, ...]]:
        """Return the refunds of orders, sorted by number."""
        ordered = sorted(
            self._transaction.state.refunds.rows.values(), key=lambda each: each.number
        )
        return {
            order_id: tuple(each for each in ordered if each.order_id == order_id)
            for order_id in order_ids
        }

    def add(self, refund: Refund) -> None:
        """Stage a refund of a locked order."""
        self._orders.add_fulfilment(refund.order_id)
        self._added.append(refund)

    def save(self, refund: Refund) -> None:
        """Stage status and gateway response of a refund of a locked order."""
        self._orders.require_locked(refund.order_id)
        self._saved[refund.id] = refund

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for refund in self._added:
            require_constraint(refund.amount.amount > 0, "ck_refunds_amount_positive")
            for line in refund.lines:
                require_constraint(
                    0 <= line.cancelled_quantity <= line.quantity,
                    "ck_refund_lines_cancelled_of_refunded",
                )
        refunds = state.refunds.with_changes(added=self._added, saved=self._saved.values())
        return replace(state, refunds=refunds)
