"""The port to the catalogue."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.application.ports.paging import Page, PageRequest
from shop.domain.product import Product


class Products(ABC):
    """All products, as one unit of work sees them."""

    @abstractmethod
    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return those products that exist, by SKU."""

    @abstractmethod
    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Do the same, and keep others from changing these products until the end."""

    @abstractmethod
    async def search(self, words: str, page: PageRequest[str]) -> Page[Product, str]:
        """Return a page of the active products in the order of their SKUs.

        Only those whose SKU or name contains the words, in any case; no words ask for all.
        """

    @abstractmethod
    def add(self, product: Product) -> None:
        """Stage a new product; the commit raises `TransientFailure` where the SKU has one by then.

        A row that is not there yet cannot be locked: whoever looked first and found none was
        overtaken, and will find it when asked to do the same again.
        """

    @abstractmethod
    def save(self, product: Product) -> None:
        """Stage the new state of a product that was locked."""
