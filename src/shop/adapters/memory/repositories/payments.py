"""The payments of orders, in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.repositories.orders import MemoryOrders
from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.payments import Payments
from shop.domain.payment import Payment, PaymentMethod


class MemoryPayments(Payments):
    """The payments of orders, in memory."""

    def __init__(self, transaction: MemoryTransaction, orders: MemoryOrders) -> None:
        self._transaction = transaction
        self._orders = orders
        self._added: list[Payment] = []
        self._saved: dict[UUID, Payment] = {}

    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Return the payments of these orders, by order id."""
        return self._transaction.state.payments.get_many(order_ids)

    async def card_payments_in(
        self, time_range: TimeRange, page: PageRequest[TimeCursor]
    ) -> Page[Payment, TimeCursor]:
        """Return a page of card payments, newest first."""
        orders = self._transaction.state.orders.rows
        return newest_first(
            (
                payment
                for payment in self._transaction.state.payments.rows.values()
                if payment.method is PaymentMethod.CARD
                and time_range.since <= orders[payment.order_id].placed_at < time_range.until
            ),
            page,
            lambda payment: TimeCursor(at=orders[payment.order_id].placed_at, id=payment.order_id),
        )

    def add(self, payment: Payment) -> None:
        """Stage the payment of a new order."""
        self._transaction.require_writing()
        self._added.append(payment)

    def save(self, payment: Payment) -> None:
        """Stage the next state of a payment of a locked order."""
        self._orders.require_locked(payment.order_id)
        self._saved[payment.order_id] = payment

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for payment in self._added:
            require_constraint(payment.order_id in state.orders.rows, "fk_payments_order_id_orders")
        payments = state.payments.with_changes(added=self._added, saved=self._saved.values())
        return replace(state, payments=payments)
