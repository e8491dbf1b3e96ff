"""Port to products."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.application.ports.paging import Page, PageRequest
from shop.domain.product import Product
from shop.domain.shared.value import value


@value
class ProductSearch:
    """A question for a page of the products that match the words, on sale or off sale.

    They match if their SKU or name contains the words. The case is ignored; an empty text matches
    all.
    """

    words: str
    page: PageRequest[str]
    active: bool = True


@value
class AvailableProduct:
    """A product and its available stock."""

    product: Product
    available: int


class Products(ABC):
    """All products."""

    @abstractmethod
    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return products by SKU."""

    @abstractmethod
    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the products."""

    @abstractmethod
    async def available(self, skus: Collection[str]) -> Mapping[str, AvailableProduct]:
        """Like `get_many`, with the available stock."""

    @abstractmethod
    async def search(
        self, questions: Collection[ProductSearch]
    ) -> Mapping[ProductSearch, Page[AvailableProduct, str]]:
        """Return the pages that are asked for, by SKU."""

    @abstractmethod
    def add(self, product: Product) -> None:
        """Stage a new product; the commit raises `TransientFailure` if the SKU exists.

        A missing row cannot be locked, so a concurrent unit of work may add it first. A retry
        then finds the product.
        """

    @abstractmethod
    def save(self, product: Product) -> None:
        """Stage the new state of a locked product."""
