"""What the audit asks of handovers and refunds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.adapters.memory.audit_of_orders import LIVING
from shop.adapters.memory.database import State
from shop.application.ports.audit import Fact
from shop.domain.account import TransferKind
from shop.domain.handover import HandoverKind
from shop.domain.order import OrderStatus

Facts = Iterator[Mapping[str, Fact]]


def refunds_that_moved_other_money(state: State) -> Facts:
    """Find refunds whose amount no transfer of theirs has returned."""
    for refund in state.refunds.rows.values():
        transfer = state.transfers.rows.get(refund.id)
        is_return = (
            transfer is not None
            and transfer.kind is TransferKind.RETURN
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


def handed_over_too_much(state: State) -> Facts:
    """Find products of which more was shipped, delivered or refunded than there was to."""
    for (order_id, sku), goods in _by_products(state).items():
        if goods.is_too_much:
            yield {
                "order_id": str(order_id),
                "sku": sku,
                "ordered": goods.ordered,
                "shipped": goods.shipped,
                "delivered": goods.delivered,
                "refunded": goods.refunded,
                "kept_back": goods.kept_back,
            }


def standing_otherwise_than_their_goods(state: State) -> Facts:
    """Find orders that stand elsewhere than where their goods are."""
    sums: defaultdict[UUID, _Goods] = defaultdict(_Goods)
    for (order_id, _), goods in _by_products(state).items():
        sums[order_id].add(goods)
    for order_id, goods in sums.items():
        order = state.orders.rows.get(order_id)
        if order is not None and not goods.lead_to(order.status):
            yield {
                "order_id": str(order_id),
                "status": order.status.value,
                "ordered": goods.ordered,
                "shipped": goods.shipped,
                "delivered": goods.delivered,
                "kept_back": goods.kept_back,
            }


@dataclass(slots=True)
class _Goods:
    """How many pieces were ordered, and what became of them."""

    ordered: int = 0
    shipped: int = 0
    delivered: int = 0
    refunded: int = 0
    kept_back: int = 0

    def add(self, other: "_Goods") -> None:
        self.ordered += other.ordered
        self.shipped += other.shipped
        self.delivered += other.delivered
        self.refunded += other.refunded
        self.kept_back += other.kept_back

    @property
    def is_too_much(self) -> bool:
        has_too_much_left = self.shipped + self.kept_back > self.ordered
        return has_too_much_left or self.delivered > self.shipped or self.refunded > self.ordered

    def lead_to(self, status: OrderStatus) -> bool:
        """Tell whether an order of these goods stands like this; a refunded one has any."""
        if status is OrderStatus.REFUNDED:
            return True
        if status not in LIVING:
            return not (self.shipped or self.delivered or self.refunded)
        has_left = self.shipped > 0 and self.shipped + self.kept_back == self.ordered
        has_arrived = has_left and self.delivered == self.shipped
        return (has_left, has_arrived) == {
            OrderStatus.PAID: (False, False),
            OrderStatus.SHIPPED: (True, False),
            OrderStatus.DELIVERED: (True, True),
        }[status]


def _by_products(state: State) -> Mapping[tuple[UUID, str], _Goods]:
    goods: defaultdict[tuple[UUID, str], _Goods] = defaultdict(_Goods)
    for order in state.orders.rows.values():
        for ordered in order.lines:
            goods[order.id, ordered.sku].ordered += ordered.quantity
    for handover in state.handovers.rows.values():
        for line in handover.lines:
            if handover.kind is HandoverKind.SHIPMENT:
                goods[handover.order_id, line.sku].shipped += line.quantity
            else:
                goods[handover.order_id, line.sku].delivered += line.quantity
    for refund in state.refunds.rows.values():
        for refunded in refund.lines:
            goods[refund.order_id, refunded.sku].refunded += refunded.quantity
            goods[refund.order_id, refunded.sku].kept_back += refunded.kept_back
    return goods
