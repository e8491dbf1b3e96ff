"""Orders and their history, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.database import State
from shop.adapters.memory.paging import newest_first
from shop.adapters.memory.table import require
from shop.adapters.memory.turn import Rank, Rows, Turn
from shop.application.ports.idempotency import KeyId
from shop.application.ports.orders import OrderFilter, Orders
from shop.application.ports.paging import Listing, Moment, Page
from shop.application.ports.unit_of_work import ConstraintViolated, Interrupted
from shop.domain.events import OrderEvent
from shop.domain.order import Order

_UNIQUE_KEY = "uq_orders_user_id_idempotency_key"


class MemoryOrders(Orders):
    """All orders, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._rows = Rows(turn, Rank.ORDERS, lambda state: state.orders)
        self._events: list[OrderEvent] = []

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Return those orders that exist, by id."""
        return self._rows.committed.get_many(ids)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Return those orders that exist, kept from others' changes."""
        return self._rows.lock(ids)

    async def under_keys(self, keys: Collection[KeyId]) -> Mapping[KeyId, UUID]:
        """Return the ids of the orders that were placed under these keys."""
        committed = self._rows.committed
        found = {key: committed.find(_UNIQUE_KEY, (key.user_id, key.key)) for key in keys}
        return {key: order.id for key, order in found.items() if order is not None}

    async def search(self, which: OrderFilter, page: Page[Moment]) -> Listing[Order, Moment]:
        """Return a page of orders, the newest first."""
        return newest_first(
            (
                order
                for order in self._rows.committed.rows.values()
                if which.user_id in {None, order.user_id} and which.status in {None, order.status}
            ),
            page,
            lambda order: Moment(at=order.placed_at, id=order.id),
        )

    async def history(self, order_id: UUID) -> Sequence[OrderEvent]:
        """Return what happened to an order, in order."""
        events = self._turn.state.events.rows
        return [events[key] for key in sorted(events) if key[0] == order_id]

    def add(self, order: Order, event: OrderEvent) -> None:
        """Stage a new order and its first event."""
        self._rows.add(order)
        self._events.append(event)

    def save(self, order: Order, event: OrderEvent) -> None:
        """Stage the next state of an order that was locked, and the event."""
        self._rows.save(order)
        self._events.append(event)

    def require_locked(self, order_id: UUID) -> None:
        """Raise `RuntimeError` unless the order was locked."""
        self._rows.require_locked(order_id)

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged; raise `Interrupted` where a key has an order."""
        for order in self._rows.changed:
            require(order.user_id in state.users.rows, "fk_orders_user_id_users")
            for line in order.lines:
                require(line.quantity > 0, "ck_order_lines_quantity_positive")
        try:
            orders = self._rows.applied_to(state)
        except ConstraintViolated as violation:
            if violation.constraint == _UNIQUE_KEY:
                raise Interrupted("the key has an order by now") from violation
            raise
        for event in self._events:
            require(event.order_id in orders.rows, "fk_order_events_order_id_orders")
        return replace(state, orders=orders, events=state.events.with_changes(added=self._events))
