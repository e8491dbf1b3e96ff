"""Shipment events in a relational database."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.repositories.orders import SqlOrders
from shop.adapters.sql.schema.tables import shipment_event_lines, shipment_events
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows
from shop.application.ports.repositories.shipment_events import ShipmentEvents
from shop.domain.orders.order import Actor
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.shared.line_quantity import LineQuantity

SHIPMENT_EVENTS = (
    select(shipment_events, shipment_event_lines.c.sku, shipment_event_lines.c.quantity)
    .join(shipment_event_lines, shipment_event_lines.c.shipment_event_id == shipment_events.c.id)
    .order_by(shipment_events.c.created_at, shipment_events.c.id, shipment_event_lines.c.position)
)


class SqlShipmentEvents(ShipmentEvents):
    """The tables of shipment events and their lines."""

    def __init__(self, connection: SqlConnection, orders: SqlOrders) -> None:
        self._connection = connection
        self._orders = orders
        self._added: list[ShipmentEvent] = []

    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ShipmentEvent]:
        """Return shipment events by id."""
        rows = await self._connection.fetch_where_in(SHIPMENT_EVENTS, shipment_events.c.id, ids)
        return {each.id: each for each in _shipment_events(rows)}

    async def for_orders(
        self, order_ids: Collection[UUID]
    ) -> Mapping[UUID, tuple[ShipmentEvent, ...]]:
        """Return the shipment events of orders, oldest first."""
        rows = await self._connection.fetch_where_in(
            SHIPMENT_EVENTS, shipment_events.c.order_id, order_ids
        )
        events = list(_shipment_events(rows))
        return {
            order_id: tuple(each for each in events if each.order_id == order_id)
            for order_id in order_ids
        }

    def add(self, event: ShipmentEvent) -> None:
        """Stage a shipment event of a locked order."""
        self._orders.add_fulfilment(event.order_id)
        self._added.append(event)

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(
            shipment_events, [_shipment_event_fields(each) for each in self._added]
        )
        lines = [fields for each in self._added for fields in _shipment_event_line_fields(each)]
        yield from insert_rows(shipment_event_lines, lines)


def _shipment_events(rows: Iterable[Row[Any]]) -> Iterator[ShipmentEvent]:
    for _, group in groupby(rows, key=lambda row: row.id):
        yield _shipment_event(list(group))


def _shipment_event(lines: Sequence[Row[Any]]) -> ShipmentEvent:
    row = lines[0]
    return ShipmentEvent(
        id=row.id,
        order_id=row.order_id,
        kind=ShipmentEventKind(row.kind),
        lines=tuple(LineQuantity(sku=line.sku, quantity=line.quantity) for line in lines),
        actor=Actor(row.actor),
        created_at=row.created_at,
    )


def _shipment_event_fields(event: ShipmentEvent) -> Fields:
    return {
        "id": event.id,
        "order_id": event.order_id,
        "kind": event.kind.value,
        "actor": event.actor.value,
        "created_at": event.created_at,
    }


def _shipment_event_line_fields(event: ShipmentEvent) -> Iterator[Fields]:
    for position, line in enumerate(event.lines):
        yield {
            "shipment_event_id": event.id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
        }
