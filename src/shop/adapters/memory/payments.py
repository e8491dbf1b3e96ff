"""The payments of orders, in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.database import State
from shop.adapters.memory.orders import MemoryOrders
from shop.adapters.memory.paging import newest_first
from shop.adapters.memory.table import require
from shop.adapters.memory.turn import Turn
from shop.application.ports.paging import Listing, Moment, Page, Span
from shop.application.ports.payments import Payments
from shop.domain.payment import Payment, PaymentMethod


class MemoryPayments(Payments):
    """The payments of orders, in memory."""

    def __init__(self, turn: Turn, orders: MemoryOrders) -> None:
        self._turn = turn
        self._orders = orders
        self._added: list[Payment] = []
        self._saved: dict[UUID, Payment] = {}

    async def of_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, Payment]:
        """Return the payments of these orders, by order id."""
        return self._turn.state.payments.get_many(order_ids)

    async def by_card(self, span: Span, page: Page[Moment]) -> Listing[Payment, Moment]:
        """Return a page of payments by card, the newest first."""
        orders = self._turn.state.orders.rows
        return newest_first(
            (
                payment
                for payment in self._turn.state.payments.rows.values()
                if payment.method is PaymentMethod.CARD
                and span.since <= orders[payment.order_id].placed_at < span.until
            ),
            page,
            lambda payment: Moment(at=orders[payment.order_id].placed_at, id=payment.order_id),
        )

    def add(self, payment: Payment) -> None:
        """Stage the payment of a new order."""
        self._turn.require_writing()
        self._added.append(payment)

    def save(self, payment: Payment) -> None:
        """Stage the next state of a payment whose order was locked."""
        self._orders.require_locked(payment.order_id)
        self._saved[payment.order_id] = payment

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged."""
        for payment in self._added:
            require(payment.order_id in state.orders.rows, "fk_payments_order_id_orders")
        payments = state.payments.with_changes(added=self._added, saved=self._saved.values())
        return replace(state, payments=payments)
