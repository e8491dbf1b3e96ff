"""Port to shipment events."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.orders.shipment import ShipmentEvent


class ShipmentEvents(ABC):
    """All shipment events; added and never changed."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ShipmentEvent]:
        """Return shipment events by id."""

    @abstractmethod
    async def for_orders(
        self, order_ids: Collection[UUID]
    ) -> Mapping[UUID, tuple[ShipmentEvent, ...]]:
        """Return the shipment events of each of these orders, oldest first."""

    @abstractmethod
    def add(self, event: ShipmentEvent) -> None:
        """Stage a shipment event of a locked order."""
