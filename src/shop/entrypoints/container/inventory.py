"""Inventory: how much of each product there is."""

from shop.application.inventory.adjustments import InventoryService
from shop.entrypoints.container.notifications import NotificationContainer, notifying


class InventoryContainer(NotificationContainer):
    """The use cases around stock."""

    inventory_service = notifying(InventoryService)
