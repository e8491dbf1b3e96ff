"""Port to the variants of all products, as carts and orders read them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.domain.catalogue.variant import SoldVariant


class Variants(ABC):
    """The variants of all products; a product is saved with its variants."""

    @abstractmethod
    async def get_many(self, skus: Collection[str]) -> Mapping[str, SoldVariant]:
        """Return variants by SKU, on sale or not, archived ones too."""
