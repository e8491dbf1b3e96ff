"""Port to the imports of product files."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.catalogue.product_import import ProductImport


class Imports(ABC):
    """All imports of product files; at most one of them is running."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
        """Return imports by id."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImport]:
        """Like `get_many`, and lock the imports."""

    @abstractmethod
    async def running(self) -> ProductImport | None:
        """Return the import that is running, if any."""

    @abstractmethod
    def add(self, product_import: ProductImport) -> None:
        """Stage a new import; the commit raises `ImportInProgress` if another one is running."""

    @abstractmethod
    def save(self, product_import: ProductImport) -> None:
        """Stage the next state of a locked import."""
