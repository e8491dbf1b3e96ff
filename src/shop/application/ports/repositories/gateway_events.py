"""The port to notices: what the gateway has told by itself, each once."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from datetime import datetime

from shop.application.ports.payment_gateway import GatewayEvent


class GatewayEvents(ABC):
    """All notices that were ever received, as one unit of work sees them."""

    @abstractmethod
    async def record_new(self, events: Collection[GatewayEvent], at: datetime) -> Collection[str]:
        """Keep those that are new until the end, and for good once this commits; return their ids.

        Where another unit of work takes the same one, wait until that one ends.
        """
