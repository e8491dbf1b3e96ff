"""Port to the images of products."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from shop.domain.catalogue.product_image import ProductImage


class ProductImages(ABC):
    """All images; the lock of a product is that of its images."""

    @abstractmethod
    async def of_products(self, products: Collection[str]) -> Mapping[str, Sequence[ProductImage]]:
        """Return the images of products that have some, by position."""

    @abstractmethod
    async def get_many(self, ids: Collection[UUID]) -> Mapping[UUID, ProductImage]:
        """Return images by id."""

    @abstractmethod
    async def stored_keys(self, keys: Collection[str]) -> Collection[str]:
        """Return those of the keys that belong to an image."""

    @abstractmethod
    def add(self, image: ProductImage) -> None:
        """Stage a new image of a locked product."""

    @abstractmethod
    def save(self, image: ProductImage) -> None:
        """Stage the next state of an image of a locked product."""

    @abstractmethod
    def remove(self, image: ProductImage) -> None:
        """Stage the removal of an image of a locked product."""
