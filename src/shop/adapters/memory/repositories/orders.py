"""Orders and their history, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.paging import newest_first
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderFilter, Orders, OrderTotals
from shop.application.ports.unit_of_work import ConstraintViolated, LockOrder, TransientFailure
from shop.domain.orders.order import BOUGHT, Order, StatusChange
from shop.domain.orders.order_number import to_order_number
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency
from shop.domain.user import User

_UNIQUE_KEY = "uq_orders_user_id_idempotency_key"


class MemoryOrders(Orders):
    """All orders, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.ORDERS, lambda state: state.orders)
        self._status_changes: list[StatusChange] = []
        self._with_fulfilment: set[UUID] = set()

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Return orders by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Like `get_many`, and lock the orders."""
        return self._rows.lock(ids)

    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the orders placed under these keys."""
        rows = self._rows.committed
        found = {key: rows.find(_UNIQUE_KEY, key) for key in keys}
        return {key: order.id for key, order in found.items() if order is not None}

    async def search(
        self, order_filter: OrderFilter, page: PageRequest[TimeCursor]
    ) -> Page[Order, TimeCursor]:
        """Return a page of orders, newest first."""
        users = self._transaction.state.users.rows
        return newest_first(
            (
                order
                for order in self._rows.committed.rows.values()
                if _is_selected(order, users[order.user_id], order_filter)
            ),
            page,
            lambda order: TimeCursor(at=order.placed_at, id=order.id),
        )

    async def totals_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, OrderTotals]:
        """Return the totals of users' orders by user id."""
        totals: dict[UUID, OrderTotals] = {}
        for order in self._rows.committed.rows.values():
            is_counted = order.status in BOUGHT and order.total.currency == currency
            if order.user_id in user_ids and is_counted:
                before = totals.get(order.user_id)
                totals[order.user_id] = OrderTotals(
                    count=1 + (before.count if before else 0),
                    amount=order.total + before.amount if before else order.total,
                )
        return totals

    async def history(self, order_id: UUID) -> Sequence[StatusChange]:
        """Return an order's status changes, oldest first."""
        events = self._transaction.state.status_changes.rows
        return [events[key] for key in sorted(events) if key[0] == order_id]

    def add(self, order: Order, change: StatusChange) -> None:
        """Stage a new order and its first status change."""
        self._rows.add(order)
        self._status_changes.append(change)

    def save(self, order: Order, change: StatusChange) -> None:
        """Stage the next state of a locked order and the change to it."""
        self._rows.save(order)
        self._status_changes.append(change)

    def require_locked(self, order_id: UUID) -> None:
        """Raise `RuntimeError` unless the order was locked."""
        self._rows.require_locked(order_id)

    def add_fulfilment(self, order_id: UUID) -> None:
        """Stage that a locked order has a shipment event or a refund."""
        order = self._rows.require_locked(order_id)
        self._with_fulfilment.add(order_id)
        self._rows.save(self._rows.saved.get(order_id, order))

    def apply(self, state: State) -> State:
        """Return the state with the staged changes; may raise `TransientFailure`."""
        for order in self._rows.staged:
            require_constraint(order.user_id in state.users.rows, "fk_orders_user_id_users")
            for line in order.lines:
                require_constraint(line.quantity > 0, "ck_order_lines_quantity_positive")
            for kept in order.pricing.lines if order.pricing else ():
                is_within = 0 <= kept.discount <= kept.amount
                require_constraint(is_within, "ck_order_lines_discount_of_line")
        for order_id in self._with_fulfilment:
            marked = replace(self._rows.saved[order_id], has_fulfilment=True)
            self._rows.saved[order_id] = marked
        try:
            orders = self._rows.apply(state)
        except ConstraintViolated as violation:
            if violation.constraint == _UNIQUE_KEY:
                raise TransientFailure(
                    "the idempotency key was used at the same time"
                ) from violation
            raise
        for event in self._status_changes:
            require_constraint(event.order_id in orders.rows, "fk_order_events_order_id_orders")
        return replace(
            state,
            orders=orders,
            status_changes=state.status_changes.with_changes(added=self._status_changes),
        )


def _is_selected(order: Order, customer: User, order_filter: OrderFilter) -> bool:
    after, before = order_filter.placed_after, order_filter.placed_before
    return (
        order_filter.user_id in {None, order.user_id}
        and order_filter.status in {None, order.status}
        and (after is None or order.placed_at > after)
        and (before is None or order.placed_at < before)
        and (not order_filter.words or _has_words(order, customer, order_filter.words))
    )


def _has_words(order: Order, customer: User, words: str) -> bool:
    return (
        order.number == to_order_number(words)
        or customer.email.startswith(words.lower())
        or (order.details.email_key or "").startswith(words.casefold())
        or any(line.sku.lower() == words.lower() for line in order.lines)
    )
