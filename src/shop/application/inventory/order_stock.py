"""The locked stock of a group of orders, and its movements."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from shop.application.notifications.events import Notifications
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.inventory import Inventory, StockMovement, StockMovementKind
from shop.domain.orders.order import Order

STOCK_OPERATIONS: Mapping[StockMovementKind, Callable[[Inventory, int], Inventory]] = {
    StockMovementKind.SALE: Inventory.sell,
    StockMovementKind.RESTOCK: Inventory.restock,
    StockMovementKind.RESERVATION: Inventory.reserve,
    StockMovementKind.RELEASE: Inventory.release,
    StockMovementKind.RESERVED_SALE: Inventory.sell_reserved,
}
"""How each kind of movement changes an inventory."""


class OrderStock:
    """Moves stock for orders, one after the other."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: IdGenerator,
        notifications: Notifications,
        now: datetime,
        inventories: Mapping[str, Inventory],
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._notifications = notifications
        self._now = now
        self._inventories = dict(inventories)

    @property
    def inventories(self) -> Mapping[str, Inventory]:
        """The inventories, as the movements so far have left them."""
        return self._inventories

    def apply(self, order: Order, kind: StockMovementKind) -> None:
        """Stage a movement for each line of an order."""
        for line in order.lines:
            self.apply_to_line(order.id, line.sku, line.quantity, kind)

    def apply_to_line(
        self, order_id: UUID, sku: str, quantity: int, kind: StockMovementKind
    ) -> None:
        """Stage a movement for one SKU of an order."""
        before = self._inventories[sku]
        after = STOCK_OPERATIONS[kind](before, quantity)
        movement = StockMovement.between(
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
        self._notifications.stock_changed(self._uow, before, after)
