"""Refunds in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from shop.adapters.sql.orders.refund_rows import (
    REFUNDS,
    refund_fields,
    refund_line_fields,
    refunds_of,
)
from shop.adapters.sql.repositories.orders import SqlOrders
from shop.adapters.sql.schema.tables import refund_lines, refunds
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows, update_rows
from shop.application.ports.repositories.refunds import Refunds
from shop.domain.orders.refund import Refund


class SqlRefunds(Refunds):
    """The tables of refunds and their lines."""

    def __init__(self, connection: SqlConnection, orders: SqlOrders) -> None:
        self._connection = connection
        self._orders = orders
        self._added: list[Refund] = []
        self._saved: dict[UUID, Fields] = {}

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, Refund]:
        """Return refunds by id."""
        rows = await self._connection.fetch_where_in(REFUNDS, refunds.c.id, ids)
        return {each.id: each for each in refunds_of(rows)}

    async def for_orders(self, order_ids: Collection[UUID]) -> Mapping[UUID, tuple[Refund, ...]]:
        """Return the refunds of orders, sorted by number."""
        rows = await self._connection.fetch_where_in(REFUNDS, refunds.c.order_id, order_ids)
        found = list(refunds_of(rows))
        return {
            order_id: tuple(each for each in found if each.order_id == order_id)
            for order_id in order_ids
        }

    def add(self, refund: Refund) -> None:
        """Stage a refund of a locked order."""
        self._orders.add_fulfilment(refund.order_id)
        self._added.append(refund)

    def save(self, refund: Refund) -> None:
        """Stage status and gateway response of a refund of a locked order."""
        self._orders.require_locked(refund.order_id)
        self._saved[refund.id] = {
            "id": refund.id,
            "status": refund.status.value,
            "gateway_response": refund.gateway_response,
        }

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(refunds, [refund_fields(each) for each in self._added])
        lines = [fields for each in self._added for fields in refund_line_fields(each)]
        yield from insert_rows(refund_lines, lines)
        yield from update_rows(refunds, ["id"], self._saved.values())
