"""Audit rules of inventories and stock movements."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.adapters.memory.audit.orders import CLOSED
from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import Fact
from shop.domain.orders.order import OrderStatus

Facts = Iterator[Mapping[str, Fact]]


def stock_reserved_above_on_hand(state: State) -> Facts:
    """Find inventories whose reserved quantity is not 0 to on hand."""
    for stock in state.inventories.rows.values():
        if not 0 <= stock.reserved <= stock.on_hand:
            yield {"sku": stock.sku, "on_hand": stock.on_hand, "reserved": stock.reserved}


def stock_movement_mismatches(state: State) -> Facts:
    """Find inventories that differ from the sum of their movements."""
    on_hand: Counter[str] = Counter()
    reserved: Counter[str] = Counter()
    for movement in state.stock_movements.rows.values():
        on_hand[movement.sku] += movement.on_hand_delta
        reserved[movement.sku] += movement.reserved_delta
    for stock in state.inventories.rows.values():
        if (stock.on_hand, stock.reserved) != (on_hand[stock.sku], reserved[stock.sku]):
            yield {
                "sku": stock.sku,
                "on_hand": stock.on_hand,
                "reserved": stock.reserved,
                "moved_on_hand": on_hand[stock.sku],
                "moved_reserved": reserved[stock.sku],
            }


def reservation_mismatches(state: State) -> Facts:
    """Find inventories whose reserved quantity differs from that of pending orders."""
    expected: Counter[str] = Counter()
    for order in state.orders.rows.values():
        if order.status is OrderStatus.PENDING:
            for line in order.lines:
                expected[line.sku] += line.quantity
    for stock in state.inventories.rows.values():
        quantity = expected[stock.sku]
        if stock.reserved != quantity:
            yield {"sku": stock.sku, "reserved": stock.reserved, "open_quantity": quantity}


def order_stock_mismatches(state: State) -> Facts:
    """Find orders that sold or reserved another quantity than their lines have."""
    for order_id, skus in _stock_by_order(state).items():
        order = state.orders.rows.get(order_id)
        for sku, stock in skus.items():
            if order is not None and not stock.matches(order.status):
                yield {
                    "order_id": str(order_id),
                    "status": order.status.value,
                    "sku": sku,
                    "quantity": stock.quantity,
                    "restocked": stock.restocked,
                    "on_hand": stock.on_hand,
                    "reserved": stock.reserved,
                }


def movements_without_order(state: State) -> Facts:
    """Find movements of an order that does not exist."""
    for movement in state.stock_movements.rows.values():
        if movement.order_id is not None and movement.order_id not in state.orders.rows:
            yield {
                "movement_id": str(movement.id),
                "order_id": str(movement.order_id),
                "sku": movement.sku,
            }


def stock_held_by_closed_orders(state: State) -> Facts:
    """Find stock that closed orders still hold."""
    for order_id, skus in _stock_by_order(state).items():
        order = state.orders.rows.get(order_id)
        for sku, stock in skus.items():
            if order is not None and order.status in CLOSED and (stock.on_hand or stock.reserved):
                yield {
                    "order_id": str(order_id),
                    "status": order.status.value,
                    "sku": sku,
                    "on_hand": stock.on_hand,
                    "reserved": stock.reserved,
                }


@dataclass(slots=True)
class _OrderStock:
    """An order's quantity of one product, and its movements of the stock."""

    quantity: int = 0
    restocked: int = 0
    on_hand: int = 0
    reserved: int = 0

    def matches(self, status: OrderStatus) -> bool:
        """Check the movements of an order; another rule checks closed orders."""
        if status is OrderStatus.PENDING:
            return (self.on_hand, self.reserved) == (0, self.quantity)
        if status in CLOSED:
            return True
        # Refunded goods stay with the customer unless the refund restocked them.
        return (self.on_hand, self.reserved) == (self.restocked - self.quantity, 0)


def _stock_by_order(state: State) -> Mapping[UUID, Mapping[str, _OrderStock]]:
    stock: defaultdict[UUID, defaultdict[str, _OrderStock]]
    stock = defaultdict(lambda: defaultdict(_OrderStock))
    for order in state.orders.rows.values():
        for line in order.lines:
            stock[order.id][line.sku].quantity += line.quantity
    for refund in state.refunds.rows.values():
        for refunded in refund.lines if refund.restocked else ():
            stock[refund.order_id][refunded.sku].restocked += refunded.quantity
    for movement in state.stock_movements.rows.values():
        if movement.order_id is not None:
            stock[movement.order_id][movement.sku].on_hand += movement.on_hand_delta
            stock[movement.order_id][movement.sku].reserved += movement.reserved_delta
    return stock
