"""Port to inventories."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.domain.inventory import Inventory, StockMovement


class Inventories(ABC):
    """The inventories of all products."""

    @abstractmethod
    async def get_many(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Return inventories by SKU."""

    @abstractmethod
    async def lock(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Like `get_many`, and lock the inventories."""

    @abstractmethod
    def add(self, inventory: Inventory) -> None:
        """Stage a new, empty inventory."""

    @abstractmethod
    def save(self, inventory: Inventory, movement: StockMovement) -> None:
        """Stage the new state of a locked or added inventory, and the movement to it."""
