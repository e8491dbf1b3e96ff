"""Schemas of an order's history."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field

from shop.application.orders.queries import OrderHistory
from shop.domain.orders.order import Actor, OrderStatus, StatusChange
from shop.domain.orders.refund import Refund
from shop.domain.orders.shipment import ShipmentEvent
from shop.entrypoints.http.api.fulfilment.schemas import RefundResponse, ShipmentEventResponse
from shop.entrypoints.http.api.pagination import PositionQuery
from shop.entrypoints.http.schemas import NextCursor, ResponseBody, Time

_FULFILMENT_STATUSES = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED})
"""The statuses that follow from a shipment, a delivery or a refund."""


class StatusChangeResponse(ResponseBody):
    """A change of an order's status."""

    kind: Annotated[Literal["status"], Field(examples=["status"])] = "status"
    from_status: Annotated[OrderStatus | None, Field(serialization_alias="from", examples=["paid"])]
    to_status: Annotated[OrderStatus, Field(serialization_alias="to", examples=["cancelled"])]
    actor: Annotated[Actor, Field(examples=["customer"])]
    at: Time

    @classmethod
    def of(cls, change: StatusChange) -> Self:
        """Render a status change."""
        return cls(
            from_status=None if change.from_status is None else OrderStatus(change.from_status),
            to_status=OrderStatus(change.to_status),
            actor=Actor(change.actor),
            at=change.created_at,
        )


class ShipmentEventEntry(ShipmentEventResponse):
    """A shipment or a delivery in an order's history."""

    kind: Annotated[Literal["shipment", "delivery"], Field(examples=["shipment"])]
    at: Time

    @classmethod
    def entry(cls, event: ShipmentEvent) -> Self:
        """Render a shipment or a delivery of the history."""
        return cls(
            **vars(ShipmentEventResponse.of(event)), kind=event.kind.value, at=event.created_at
        )


class RefundEntry(RefundResponse):
    """A refund in an order's history."""

    kind: Annotated[Literal["refund"], Field(examples=["refund"])] = "refund"
    at: Time

    @classmethod
    def entry(cls, refund: Refund) -> Self:
        """Render a refund of the history."""
        return cls(**vars(RefundResponse.of(refund)), at=refund.created_at)


_AnyEntry = StatusChangeResponse | ShipmentEventEntry | RefundEntry


class OrderHistoryResponse(ResponseBody):
    """A page of what happened to an order, oldest first."""

    items: list[Annotated[_AnyEntry, Field(discriminator="kind")]]
    next: NextCursor

    @classmethod
    def of(cls, history: OrderHistory, query: PositionQuery) -> Self:
        """Render a page of a history."""
        entries: list[_AnyEntry] = [
            *map(StatusChangeResponse.of, history.status_changes),
            *map(ShipmentEventEntry.entry, history.shipment_events),
            *map(RefundEntry.entry, history.refunds),
        ]
        selected, following = query.select(sorted(entries, key=_position))
        return cls(items=list(selected), next=following)


def _position(
    entry: StatusChangeResponse | ShipmentEventEntry | RefundEntry,
) -> tuple[datetime, int]:
    """Return a sort key: a shipment comes before the status that follows from it."""
    if not isinstance(entry, StatusChangeResponse):
        return entry.at, 1
    return entry.at, 2 if entry.to_status in _FULFILMENT_STATUSES else 0
