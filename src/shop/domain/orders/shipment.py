"""Handovers: goods of an order change hands, all of them at once or in parts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.orders.order import Actor
from shop.domain.shared.errors import Conflict, InvalidValue


class ShipmentEventKind(StrEnum):
    """Who gets the goods: a shipment goes to a carrier, a delivery arrives at the customer's."""

    SHIPPED = "shipment"
    DELIVERED = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuantity:
    """So many of one product."""

    sku: str
    quantity: int

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise InvalidValue(field="quantity", rule="there is at least one of what is named")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentEvent:
    """Goods of an order that changed hands together. It has happened: nothing changes it."""

    id: UUID
    order_id: UUID
    kind: ShipmentEventKind
    lines: tuple[LineQuantity, ...]
    actor: Actor
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessQuantity:
    """A wish for more of a product than the order has left of it."""

    sku: str
    requested: int
    remaining: int


@dataclass(kw_only=True, unsafe_hash=True)
class QuantityExceedsOrder(Conflict):
    """The order has fewer left than were named; every such line is told."""

    lines: tuple[ExcessQuantity, ...]

    code = "quantity-exceeds-order"

    @property
    def detail(self) -> str:
        """Name each line."""
        excesses = (
            f"{line.sku}: {line.requested} requested, {line.remaining} remaining"
            for line in self.lines
        )
        return "; ".join(excesses) + "."
