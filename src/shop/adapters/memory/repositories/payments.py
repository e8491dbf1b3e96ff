"""The payments of orders, in memory."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.adapters.memory.repositories.orders import MemoryOrders
from shop.application.ports.paging import Page, PageRequest, TimeCursor, TimeRange
from shop.application.ports.repositories.payments import CardUse, Payments
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

    async def card_use(
        self, user_ids: Collection[UUID], *, declined_since: datetime
    ) -> Mapping[UUID, CardUse]:
        """Return what users have begun by card, by user id."""
        state = self._transaction.state
        orders = [
            (each.user_id, each.placed_at, each.status)
            for each in state.orders.rows.values()
            if each.user_id in user_ids
        ]
        deposits = [
            (each.user_id, each.created_at, each.status)
            for each in state.deposits.rows.values()
            if each.user_id in user_ids
        ]
        attempts: dict[UUID, list[datetime]] = defaultdict(list)
        for user_id, at, status in (*orders, *deposits):
            if status == "pending" or (status == "declined" and at >= declined_since):
                attempts[user_id].append(at)
        pending = Counter(user_id for user_id, _, status in orders if status == "pending")
        return {
            user_id: CardUse(
                pending_orders=pending[user_id],
                attempts=len(times),
                first_attempt_at=min(times),
            )
            for user_id, times in attempts.items()
        }

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
