"""Orders, their lines and their history in a relational database."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from shop.adapters.sql.orders.order_rows import (
    idempotency_key_of,
    line_fields,
    order_fields,
    order_of,
)
from shop.adapters.sql.orders.share_rows import ORDER_SHARES, share_fields
from shop.adapters.sql.schema.tables import order_events, order_lines, order_shares, orders
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.guards import same_version, version_after
from shop.adapters.sql.statements.order_search import select_order_ids
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    insert_rows,
    lock_rows,
    update_rows,
)
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderFilter, Orders, OrderTotals
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.orders.order import BOUGHT, Order, StatusChange
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency, Money

ORDERS_WITH_LINES = (
    select(
        orders,
        order_lines.c.sku,
        order_lines.c.name,
        order_lines.c.quantity,
        order_lines.c.unit_price,
        order_lines.c.product,
        order_lines.c.options,
        order_lines.c.image,
        order_lines.c.discount,
        order_lines.c.tax,
    )
    .join(order_lines, order_lines.c.order_id == orders.c.id)
    .order_by(orders.c.id, order_lines.c.position)
)

TOTALS = (
    select(
        orders.c.user_id,
        orders.c.currency,
        func.count().label("number"),
        func.sum(orders.c.total).label("amount"),
    )
    .where(orders.c.status.in_(sorted(BOUGHT)))
    .group_by(orders.c.user_id, orders.c.currency)
)


class SqlOrders(Orders):
    """The tables of orders, their lines and their status changes."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._locked: dict[UUID, int] = {}
        self._added: list[Order] = []
        self._saved: dict[UUID, Fields] = {}
        self._transition_counts: Counter[UUID] = Counter()
        self._status_changes: list[Fields] = []
        self._with_fulfilment: set[UUID] = set()

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Return orders by id."""
        rows = await self._connection.fetch_where_in(ORDERS_WITH_LINES, orders.c.id, ids)
        return await self._orders(rows)

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Order]:
        """Like `get_many`, and lock the rows."""
        rows = await self._connection.fetch_where_in(
            ORDERS_WITH_LINES, orders.c.id, ids, lock=LockOrder.ORDERS
        )
        self._locked |= {row.id: row.version for row in rows}
        return await self._orders(rows)

    async def with_keys(self, keys: Collection[IdempotencyKey]) -> Mapping[IdempotencyKey, UUID]:
        """Return the ids of the orders that were placed under these keys."""
        key_fields = [{"user_id": each.user_id, "idempotency_key": each.value} for each in keys]
        rows = await self._connection.fetch_matching(orders, key_fields)
        return {idempotency_key_of(row): row.id for row in rows}

    async def search(
        self, order_filter: OrderFilter, page: PageRequest[TimeCursor]
    ) -> Page[Order, TimeCursor]:
        """Return a page of orders, newest first."""
        rows = await self._connection.fetch_all(select_order_ids(order_filter, page))
        ids = [row.id for row in rows]
        found = await self.get_many(ids)
        return to_page(
            [found[each] for each in ids],
            page,
            lambda order: TimeCursor(at=order.placed_at, id=order.id),
        )

    async def totals_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, OrderTotals]:
        """Return the totals of users' orders by user id."""
        rows = await self._connection.fetch_where_in(TOTALS, orders.c.user_id, user_ids)
        return {
            row.user_id: OrderTotals(
                count=row.number, amount=Money(amount=int(row.amount), currency=currency)
            )
            for row in rows
            if row.currency == currency
        }

    async def history(self, order_id: UUID) -> Sequence[StatusChange]:
        """Return an order's status changes, oldest first."""
        rows = await self._connection.fetch_all(
            select(order_events)
            .where(order_events.c.order_id == order_id)
            .order_by(order_events.c.sequence)
        )
        return [_status_change(row) for row in rows]

    def add(self, order: Order, change: StatusChange) -> None:
        """Stage a new order and its first status change."""
        self._connection.require_staging()
        self._added.append(order)
        self._status_changes.append(_status_change_fields(change))

    def save(self, order: Order, change: StatusChange) -> None:
        """Stage the next state of a locked order and the change to it."""
        self.require_locked(order.id)
        self._saved[order.id] = {
            "id": order.id,
            "status": order.status.value,
            "version": order.version,
            "has_fulfilment": order.has_fulfilment,
        }
        self._transition_counts[order.id] += 1
        self._status_changes.append(_status_change_fields(change))

    def require_locked(self, order_id: UUID) -> None:
        """Raise `RuntimeError` unless this unit of work has locked the order."""
        self._connection.require_staging()
        if order_id not in self._locked:
            raise RuntimeError(f"order {order_id} was not locked in this unit of work")

    def add_fulfilment(self, order_id: UUID) -> None:
        """Stage that a locked order has a shipment event or a refund."""
        self.require_locked(order_id)
        self._with_fulfilment.add(order_id)

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        if not self._connection.holds_locks:
            versions = [{"id": each, "version": version} for each, version in self._locked.items()]
            yield from lock_rows(orders, "id", versions, only_if=same_version)
        yield from insert_rows(orders, order_fields(self._added))
        yield from insert_rows(order_lines, line_fields(self._added))
        yield from insert_rows(order_shares, list(share_fields(self._added)))
        missing_orders = RuntimeError("locked orders are missing or have another version")
        for transitions in sorted(set(self._transition_counts.values())):
            rows = [
                self._saved_fields(each)
                for each, count in self._transition_counts.items()
                if count == transitions
            ]
            yield from update_rows(
                orders,
                ["id"],
                rows,
                only_if=version_after(transitions),
                error_if_incomplete=missing_orders,
            )
        # One statement cannot update a row twice.
        without_transition = sorted(self._with_fulfilment - self._saved.keys())
        marks = [{"id": each, "has_fulfilment": True} for each in without_transition]
        yield from update_rows(orders, ["id"], marks)
        yield from insert_rows(order_events, self._status_changes)

    async def _orders(self, rows: Sequence[Row[Any]]) -> Mapping[UUID, Order]:
        lines = {each: list(group) for each, group in groupby(rows, key=lambda row: row.id)}
        with_shares = [each for each, (first, *_) in lines.items() if first.has_shares]
        found = await self._connection.fetch_unchanging(
            ORDER_SHARES, order_shares.c.order_id, with_shares
        )
        shares = {each: list(group) for each, group in groupby(found, key=lambda row: row.order_id)}
        return {each: order_of(group, shares.get(each, ())) for each, group in lines.items()}

    def _saved_fields(self, order_id: UUID) -> Fields:
        fields = self._saved[order_id]
        is_marked = order_id in self._with_fulfilment
        return {**fields, "has_fulfilment": True} if is_marked else fields


def _status_change(row: Row[Any]) -> StatusChange:
    return StatusChange(
        order_id=row.order_id,
        sequence=row.sequence,
        from_status=row.from_status,
        to_status=row.to_status,
        actor=row.actor,
        created_at=row.created_at,
    )


def _status_change_fields(change: StatusChange) -> Fields:
    return {
        "order_id": change.order_id,
        "sequence": change.sequence,
        "from_status": change.from_status,
        "to_status": change.to_status,
        "actor": change.actor,
        "created_at": change.created_at,
    }
