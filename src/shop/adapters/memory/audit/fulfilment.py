"""Audit rules of shipment events and refunds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.adapters.memory.audit.orders import FULFILLABLE
from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import Fact
from shop.domain.account import TransferKind
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.shipment import ShipmentEventKind

Facts = Iterator[Mapping[str, Fact]]


def refund_mismatches(state: State) -> Facts:
    """Find refunds without a transfer of their amount."""
    for refund in state.refunds.rows.values():
        transfer = state.transfers.rows.get(refund.id)
        is_return = (
            transfer is not None
            and transfer.kind is TransferKind.REFUND
            and transfer.order_id == refund.order_id
            and transfer.amount.currency == refund.amount.currency
        )
        returned = transfer.amount.amount if transfer is not None and is_return else None
        if returned != refund.amount.amount:
            yield {
                "refund_id": str(refund.id),
                "order_id": str(refund.order_id),
                "amount": refund.amount.amount,
                "returned": returned,
            }


def orders_shipped_in_excess(state: State) -> Facts:
    """Find lines with too much shipped, delivered or refunded."""
    for (order_id, sku), quantities in _quantities_by_product(state).items():
        if quantities.is_excessive:
            yield {
                "order_id": str(order_id),
                "sku": sku,
                "ordered": quantities.ordered,
                "shipped": quantities.shipped,
                "delivered": quantities.delivered,
                "refunded": quantities.refunded,
                "cancelled_quantity": quantities.cancelled,
            }


def order_status_mismatches(state: State) -> Facts:
    """Find orders whose status does not match their shipments."""
    sums: defaultdict[UUID, _FulfilledQuantities] = defaultdict(_FulfilledQuantities)
    for (order_id, _), quantities in _quantities_by_product(state).items():
        sums[order_id].add(quantities)
    for order_id, quantities in sums.items():
        order = state.orders.rows.get(order_id)
        if order is not None and not quantities.matches_status(order.status):
            yield {
                "order_id": str(order_id),
                "status": order.status.value,
                "ordered": quantities.ordered,
                "shipped": quantities.shipped,
                "delivered": quantities.delivered,
                "cancelled_quantity": quantities.cancelled,
            }


@dataclass(slots=True)
class _FulfilledQuantities:
    """Quantities of one product or order."""

    ordered: int = 0
    shipped: int = 0
    delivered: int = 0
    refunded: int = 0
    cancelled: int = 0

    def add(self, other: "_FulfilledQuantities") -> None:
        self.ordered += other.ordered
        self.shipped += other.shipped
        self.delivered += other.delivered
        self.refunded += other.refunded
        self.cancelled += other.cancelled

    @property
    def is_excessive(self) -> bool:
        ships_too_much = self.shipped + self.cancelled > self.ordered
        return ships_too_much or self.delivered > self.shipped or self.refunded > self.ordered

    def matches_status(self, status: OrderStatus) -> bool:
        """Check the status of an order; `refunded` allows any quantities."""
        if status is OrderStatus.REFUNDED:
            return True
        if status not in FULFILLABLE:
            return not (self.shipped or self.delivered or self.refunded)
        is_shipped = self.shipped > 0 and self.shipped + self.cancelled == self.ordered
        is_delivered = is_shipped and self.delivered == self.shipped
        return (is_shipped, is_delivered) == {
            OrderStatus.PAID: (False, False),
            OrderStatus.SHIPPED: (True, False),
            OrderStatus.DELIVERED: (True, True),
        }[status]


def _quantities_by_product(state: State) -> Mapping[tuple[UUID, str], _FulfilledQuantities]:
    quantities: defaultdict[tuple[UUID, str], _FulfilledQuantities] = defaultdict(
        _FulfilledQuantities
    )
    for order in state.orders.rows.values():
        for ordered in order.lines:
            quantities[order.id, ordered.sku].ordered += ordered.quantity
    for event in state.shipment_events.rows.values():
        for line in event.lines:
            if event.kind is ShipmentEventKind.SHIPPED:
                quantities[event.order_id, line.sku].shipped += line.quantity
            else:
                quantities[event.order_id, line.sku].delivered += line.quantity
    for refund in state.refunds.rows.values():
        for refunded in refund.lines:
            quantities[refund.order_id, refunded.sku].refunded += refunded.quantity
            quantities[refund.order_id, refunded.sku].cancelled += refunded.cancelled_quantity
    return quantities
