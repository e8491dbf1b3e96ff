"""What the audit asks of inventories and their movements."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.adapters.memory.audit_of_orders import DEAD
from shop.adapters.memory.database import State
from shop.application.ports.audit import Fact
from shop.domain.order import OrderStatus

Facts = Iterator[Mapping[str, Fact]]


def reserved_but_not_on_hand(state: State) -> Facts:
    """Find stock of which more is reserved than is there, or less than nothing."""
    for stock in state.inventories.rows.values():
        if not 0 <= stock.reserved <= stock.on_hand:
            yield {"sku": stock.sku, "on_hand": stock.on_hand, "reserved": stock.reserved}


def other_than_its_movements(state: State) -> Facts:
    """Find stock that is not the sum of its movements."""
    on_hand: Counter[str] = Counter()
    reserved: Counter[str] = Counter()
    for movement in state.movements.rows.values():
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


def reserved_other_than_by_open_orders(state: State) -> Facts:
    """Find stock of which not exactly that is reserved which pending orders wait for."""
    promised: Counter[str] = Counter()
    for order in state.orders.rows.values():
        if order.status is OrderStatus.PENDING:
            for line in order.lines:
                promised[line.sku] += line.quantity
    for stock in state.inventories.rows.values():
        quantity = promised[stock.sku]
        if stock.reserved != quantity:
            yield {"sku": stock.sku, "reserved": stock.reserved, "open_quantity": quantity}


def taken_other_than_ordered(state: State) -> Facts:
    """Find products of which an order took or reserved another number than it has in its lines."""
    for order_id, skus in _by_orders(state).items():
        order = state.orders.rows.get(order_id)
        for sku, goods in skus.items():
            if order is not None and not goods.are_due(order.status):
                yield {
                    "order_id": str(order_id),
                    "status": order.status.value,
                    "sku": sku,
                    "quantity": goods.quantity,
                    "restocked": goods.restocked,
                    "on_hand": goods.on_hand,
                    "reserved": goods.reserved,
                }


def movements_of_no_order(state: State) -> Facts:
    """Find movements that name an order that there is not."""
    for movement in state.movements.rows.values():
        if movement.order_id is not None and movement.order_id not in state.orders.rows:
            yield {
                "movement_id": str(movement.id),
                "order_id": str(movement.order_id),
                "sku": movement.sku,
            }


def held_by_dead_orders(state: State) -> Facts:
    """Find goods that an order took or reserved, came to nothing, and has not put back."""
    for order_id, skus in _by_orders(state).items():
        order = state.orders.rows.get(order_id)
        for sku, goods in skus.items():
            if order is not None and order.status in DEAD and (goods.on_hand or goods.reserved):
                yield {
                    "order_id": str(order_id),
                    "status": order.status.value,
                    "sku": sku,
                    "on_hand": goods.on_hand,
                    "reserved": goods.reserved,
                }


@dataclass(slots=True)
class _Goods:
    """What an order has of one product in its lines, and what it did to the stock of it."""

    quantity: int = 0
    restocked: int = 0
    on_hand: int = 0
    reserved: int = 0

    def are_due(self, status: OrderStatus) -> bool:
        """Tell whether an order that stands like this has done this; dead ones, others look at."""
        if status is OrderStatus.PENDING:
            return (self.on_hand, self.reserved) == (0, self.quantity)
        if status in DEAD:
            return True
        # What was refunded stays with the customer unless the refund has put it back.
        return (self.on_hand, self.reserved) == (self.restocked - self.quantity, 0)


def _by_orders(state: State) -> Mapping[UUID, Mapping[str, _Goods]]:
    goods: defaultdict[UUID, defaultdict[str, _Goods]]
    goods = defaultdict(lambda: defaultdict(_Goods))
    for order in state.orders.rows.values():
        for line in order.lines:
            goods[order.id][line.sku].quantity += line.quantity
    for refund in state.refunds.rows.values():
        for refunded in refund.lines if refund.restocked else ():
            goods[refund.order_id][refunded.sku].restocked += refunded.quantity
    for movement in state.movements.rows.values():
        if movement.order_id is not None:
            goods[movement.order_id][movement.sku].on_hand += movement.on_hand_delta
            goods[movement.order_id][movement.sku].reserved += movement.reserved_delta
    return goods
