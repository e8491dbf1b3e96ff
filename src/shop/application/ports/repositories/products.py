"""Port to products."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.application.ports.paging import Page, PageRequest
from shop.domain.product import Product


class Products(ABC):
    """All products."""

    @abstractmethod
    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return products by SKU."""

    @abstractmethod
    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the products."""

    @abstractmethod
    async def search(
        self, words: str, page: PageRequest[str], *, active: bool = True
    ) -> Page[Product, str]:
        """Return a page of products whose SKU or name contains the words, by SKU.

        They are all active, or all inactive. The case is ignored; an empty text matches all.
        """

    @abstractmethod
    def add(self, product: Product) -> None:
        """Stage a new product; the commit raises `TransientFailure` if the SKU exists.

        A missing row cannot be locked, so a concurrent unit of work may add it first. A retry
        then finds the product.
        """

    @abstractmethod
    def save(self, product: Product) -> None:
        """Stage the new state of a locked product."""
