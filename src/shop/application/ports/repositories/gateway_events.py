"""Port to the gateway's events, each recorded once."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import datetime

from shop.application.ports.payment_gateway import GatewayEvent


class GatewayEvents(ABC):
    """All gateway events that were ever received."""

    @abstractmethod
    async def record_new(self, events: Collection[GatewayEvent], at: datetime) -> Collection[str]:
        """Record the events that are new, and return their ids.

        Waits for another unit of work that records the same event.
        """
