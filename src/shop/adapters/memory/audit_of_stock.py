"""What the audit asks of inventories and their movements."""

from collections import Counter
from collections.abc import Iterator, Mapping
from uuid import UUID

from shop.adapters.memory.audit_of_orders import UNDONE
from shop.adapters.memory.database import State
from shop.application.ports.audit import Fact
from shop.domain.order import OrderStatus

Facts = Iterator[Mapping[str, Fact]]


def out_of_range(state: State) -> Facts:
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
                "on_hand_moved": on_hand[stock.sku],
                "reserved": stock.reserved,
                "reserved_moved": reserved[stock.sku],
            }


def reserved_other_than_for_open_orders(state: State) -> Facts:
    """Find stock of which not exactly that is reserved which pending orders wait for."""
    promised: Counter[str] = Counter()
    for order in state.orders.rows.values():
        if order.status is OrderStatus.PENDING:
            for line in order.lines:
                promised[line.sku] += line.quantity
    for stock in state.inventories.rows.values():
        if stock.reserved != promised[stock.sku]:
            yield {"sku": stock.sku, "reserved": stock.reserved, "ordered": promised[stock.sku]}


def held_by_undone_orders(state: State) -> Facts:
    """Find goods that an order took and, undone, has not put back."""
    on_hand: Counter[tuple[UUID, str]] = Counter()
    reserved: Counter[tuple[UUID, str]] = Counter()
    for movement in state.movements.rows.values():
        if movement.order_id is not None:
            on_hand[movement.order_id, movement.sku] += movement.on_hand_delta
            reserved[movement.order_id, movement.sku] += movement.reserved_delta
    for order_id, sku in on_hand:
        order = state.orders.rows.get(order_id)
        held = (on_hand[order_id, sku], reserved[order_id, sku])
        if order is not None and order.status in UNDONE and held != (0, 0):
            yield {"order": str(order_id), "sku": sku, "on_hand": held[0], "reserved": held[1]}
