"""Goods: the stock that a group of orders has locked, and what they do with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.announcements import Announcements
from shop.application.ports.ids import Ids
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.cart import Cart
from shop.domain.inventory import Inventory, Movement, MovementKind, OutOfStock
from shop.domain.order import Order

STEPS: Mapping[MovementKind, Callable[[Inventory, int], Inventory]] = {
    MovementKind.SALE: Inventory.take,
    MovementKind.SALE_UNDONE: Inventory.put_back,
    MovementKind.RESERVATION: Inventory.reserve,
    MovementKind.RELEASE: Inventory.release,
    MovementKind.CONFIRMATION: Inventory.confirm,
}
"""What an order does to the stock of each of its lines, by what that is called."""


class Goods:
    """Locked inventories, one order after the other."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: Ids,
        announcements: Announcements,
        now: datetime,
        inventories: Mapping[str, Inventory],
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._announcements = announcements
        self._now = now
        self._inventories = dict(inventories)

    def require(self, cart: Cart) -> None:
        """Raise `OutOfStock`, with every short line, where a cart asks for more than there is."""
        shortages = tuple(
            shortage
            for line in cart.lines
            if (shortage := self._inventories[line.sku].shortage(line.quantity))
        )
        if shortages:
            raise OutOfStock(lines=shortages)

    def move(self, order: Order, kind: MovementKind) -> None:
        """Stage a step of all goods of an order."""
        for line in order.lines:
            self.move_line(order.id, line.sku, line.quantity, kind)

    def move_line(self, order_id: UUID, sku: str, quantity: int, kind: MovementKind) -> None:
        """Stage a step of some goods of an order."""
        before = self._inventories[sku]
        after = STEPS[kind](before, quantity)
        movement = Movement.between(
            before,
            after,
            id=self._ids.new(),
            kind=kind,
            order_id=order_id,
            reason="",
            created_at=self._now,
        )
        self._inventories[sku] = after
        self._uow.inventories.save(after, movement)
        self._announcements.stock_moved(self._uow, before, after)
