"""Port to inventories."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.application.ports.paging import Page, PageRequest, TimeCursor
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
    async def movements(
        self, sku: str, page: PageRequest[TimeCursor]
    ) -> Page[StockMovement, TimeCursor]:
        """Return a page of the movements of an inventory, newest first."""

    @abstractmethod
    async def find_movements(self, ids: Collection[UUID]) -> Mapping[UUID, StockMovement]:
        """Return movements by id."""

    @abstractmethod
    def add(self, inventory: Inventory) -> None:
        """Stage a new, empty inventory."""

    @abstractmethod
    def save(self, inventory: Inventory, movement: StockMovement) -> None:
        """Stage the new state of a locked or added inventory, and the movement to it."""
