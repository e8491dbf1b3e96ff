"""Port to the history of prices."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from shop.domain.catalogue.price_history import PriceChange


class PriceChanges(ABC):
    """The prices that all variants have had, from the first day on."""

    @abstractmethod
    async def of_variant(self, sku: str) -> Sequence[PriceChange]:
        """Return the prices of a variant, oldest first."""

    @abstractmethod
    def add(self, change: PriceChange) -> None:
        """Stage a price of a variant that is added or locked with its product."""
