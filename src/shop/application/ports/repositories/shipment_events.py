"""The port to what is done with an order once it is paid: handovers and refunds."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.orders.shipment import ShipmentEvent


class ShipmentEvents(ABC):
    """All handovers, as one unit of work sees them. They are added and never changed."""

    @abstractmethod
    async def for_orders(
        self, order_ids: Collection[UUID]
    ) -> Mapping[UUID, tuple[ShipmentEvent, ...]]:
        """Return the handovers of each of these orders, none or more, the oldest first."""

    @abstractmethod
    def add(self, event: ShipmentEvent) -> None:
        """Stage a handover of an order that was locked."""
