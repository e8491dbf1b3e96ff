"""The port to inventories."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.domain.inventory import Inventory, StockMovement


class Inventories(ABC):
    """The stock of every product, as one unit of work sees it."""

    @abstractmethod
    async def get_many(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Return those inventories that exist, by SKU."""

    @abstractmethod
    async def lock(self, skus: Collection[str]) -> Mapping[str, Inventory]:
        """Do the same, and keep others from changing these inventories until the end."""

    @abstractmethod
    def add(self, inventory: Inventory) -> None:
        """Stage a new inventory, with nothing in it."""

    @abstractmethod
    def save(self, inventory: Inventory, movement: StockMovement) -> None:
        """Stage the new state of an inventory, and the movement that led to it.

        It was locked by this unit of work, or added by it.
        """
