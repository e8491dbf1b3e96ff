"""What the audit asks of inventories and their movements."""

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.audit_of_orders import DEAD, LIVING
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
    """Find lines of paid orders whose goods did not leave the stock, or not in that number."""
    on_hand, _ = _moved_by_orders(state)
    for order in state.orders.rows.values():
        for line in order.lines:
            moved = on_hand.get((order.id, line.sku))
            if order.status in LIVING and moved != -line.quantity:
                yield {
                    "order_id": str(order.id),
                    "sku": line.sku,
                    "quantity": line.quantity,
                    "moved": moved,
                }


def held_by_dead_orders(state: State) -> Facts:
    """Find goods that an order took or reserved, came to nothing, and has not put back."""
    on_hand, reserved = _moved_by_orders(state)
    for (order_id, sku), taken in on_hand.items():
        order = state.orders.rows.get(order_id)
        held = {"on_hand": taken, "reserved": reserved[order_id, sku]}
        if order is not None and order.status in DEAD and any(held.values()):
            yield {"order_id": str(order_id), "status": order.status.value, "sku": sku, **held}


def _moved_by_orders(
    state: State,
) -> tuple[Counter[tuple[UUID, str]], Counter[tuple[UUID, str]]]:
    """Return what each order did to each product: on hand, and reserved."""
    on_hand: Counter[tuple[UUID, str]] = Counter()
    reserved: Counter[tuple[UUID, str]] = Counter()
    for movement in state.movements.rows.values():
        if movement.order_id is not None:
            on_hand[movement.order_id, movement.sku] += movement.on_hand_delta
            reserved[movement.order_id, movement.sku] += movement.reserved_delta
    return on_hand, reserved
