"""Port to the uses of promotions."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.pricing.promotions.promotion_uses import PromotionUse


class Uses(ABC):
    """The orders that have a promotion; one that ends without a sale gives its uses back."""

    @abstractmethod
    async def counts(self, promotions: Collection[str]) -> Mapping[str, int]:
        """Return how many orders have each promotion; none for one that no order has."""

    @abstractmethod
    async def orders_by_code(self, promotion: str, codes: Collection[str]) -> Mapping[str, UUID]:
        """Return the order that has each code for one order, if any has."""

    @abstractmethod
    def add(self, use: PromotionUse) -> None:
        """Stage a use of an order that is stored or added."""
