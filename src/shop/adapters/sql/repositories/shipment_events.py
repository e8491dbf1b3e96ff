"""Shipment events in a relational database, and the rows of refunds."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from shop.adapters.sql.repositories.orders import SqlOrders
from shop.adapters.sql.schema.tables import (
    refund_lines,
    refunds,
    shipment_event_lines,
    shipment_events,
)
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows
from shop.application.ports.repositories.shipment_events import ShipmentEvents
from shop.domain.orders.order import Actor
from shop.domain.orders.refund import Refund, RefundLine, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import PaymentMethod
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Currency, Money

SHIPMENT_EVENTS = (
    select(shipment_events, shipment_event_lines.c.sku, shipment_event_lines.c.quantity)
    .join(shipment_event_lines, shipment_event_lines.c.shipment_event_id == shipment_events.c.id)
    .order_by(shipment_events.c.created_at, shipment_events.c.id, shipment_event_lines.c.position)
)
# A refund of an amount may have no lines.
REFUNDS = (
    select(
        refunds,
        refund_lines.c.sku,
        refund_lines.c.quantity,
        refund_lines.c.cancelled_quantity,
        refund_lines.c.amount.label("line_amount"),
        refund_lines.c.tax.label("line_tax"),
    )
    .outerjoin(refund_lines, refund_lines.c.refund_id == refunds.c.id)
    .order_by(refunds.c.order_id, refunds.c.number, refund_lines.c.position)
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
        return {each.id: each for each in map(_shipment_event, _by_id(rows))}

    async def for_orders(
        self, order_ids: Collection[UUID]
    ) -> Mapping[UUID, tuple[ShipmentEvent, ...]]:
        """Return the shipment events of orders, oldest first."""
        rows = await self._connection.fetch_where_in(
            SHIPMENT_EVENTS, shipment_events.c.order_id, order_ids
        )
        events = [_shipment_event(lines) for lines in _by_id(rows)]
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


def _by_id(rows: Iterable[Row[Any]]) -> Iterator[Sequence[Row[Any]]]:
    for _, group in groupby(rows, key=lambda row: row.id):
        yield list(group)


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


def _refund(lines: Sequence[Row[Any]]) -> Refund:
    row = lines[0]
    return Refund(
        id=row.id,
        order_id=row.order_id,
        number=row.number,
        amount=Money(amount=row.amount, currency=Currency(row.currency)),
        to=PaymentMethod(row.method),
        reason=row.reason,
        lines=tuple(
            RefundLine(
                sku=line.sku,
                quantity=line.quantity,
                cancelled_quantity=line.cancelled_quantity,
                amount=line.line_amount,
                tax=line.line_tax,
            )
            for line in lines
            if line.sku is not None
        ),
        restocked=row.restocked,
        status=RefundStatus(row.status),
        gateway_response=row.gateway_response,
        actor=Actor(row.actor),
        created_at=row.created_at,
        shipping_amount=row.shipping_amount,
        tax=row.tax,
    )


def _refund_fields(refund: Refund) -> Fields:
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "number": refund.number,
        "amount": refund.amount.amount,
        "currency": refund.amount.currency,
        "method": refund.to.value,
        "reason": refund.reason,
        "restocked": refund.restocked,
        "status": refund.status.value,
        "gateway_response": refund.gateway_response,
        "actor": refund.actor.value,
        "created_at": refund.created_at,
        "shipping_amount": refund.shipping_amount,
        "tax": refund.tax,
    }


def _refund_line_fields(refund: Refund) -> Iterator[Fields]:
    for position, line in enumerate(refund.lines):
        yield {
            "refund_id": refund.id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
            "cancelled_quantity": line.cancelled_quantity,
            "amount": line.amount,
            "tax": line.tax,
        }
