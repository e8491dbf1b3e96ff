"""Shipment events: lines of an order are shipped and delivered, all or in parts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.orders.order import Actor
from shop.domain.shared.errors import Conflict
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.value import value


class ShipmentEventKind(StrEnum):
    """The step of a shipment."""

    SHIPPED = "shipment"  # Handed to a carrier.
    DELIVERED = "delivery"  # Arrived at the customer.


@value
class ShipmentEvent:
    """Lines of an order that were shipped or delivered together; never changed."""

    id: UUID
    order_id: UUID
    kind: ShipmentEventKind
    lines: tuple[LineQuantity, ...]
    actor: Actor
    created_at: datetime


@value
class ExcessQuantity:
    """A requested quantity that exceeds what remains of the order's line."""

    sku: str
    requested: int
    remaining: int


@dataclass(kw_only=True, unsafe_hash=True)
class QuantityExceedsOrder(Conflict):
    """A requested quantity is too large; `lines` has every excess."""

    lines: tuple[ExcessQuantity, ...]

    code = "quantity-exceeds-order"

    @property
    def detail(self) -> str:
        """Describe each excess."""
        excesses = (
            f"{line.sku}: {line.requested} requested, {line.remaining} remaining"
            for line in self.lines
        )
        return "; ".join(excesses) + "."
