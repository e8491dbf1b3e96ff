"""Port to products."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from shop.application.ports.paging import Page, PageRequest
from shop.domain.catalogue.product import Product
from shop.domain.catalogue.product_image import ProductImage
from shop.domain.shared.value import value


@value
class ProductListing:
    """A question for a page of all products: those on or off sale, or archived.

    Whether archived ones are active does not matter.
    """

    page: PageRequest[str]
    active: bool = True
    archived: bool = False


@value
class AvailableProduct:
    """A product as it is shown: also with the available stock of each current variant, by SKU.

    `categories` are the slugs of those that it is directly in.
    """

    product: Product
    stock: Mapping[str, int]
    categories: tuple[str, ...] = ()
    images: tuple[ProductImage, ...] = ()

    @property
    def available(self) -> int:
        """The available stock of all variants that are sold."""
        return sum(self.stock[each.sku] for each in self.product.variants if each.is_sold)


class Products(ABC):
    """All products, with their variants."""

    @abstractmethod
    async def get_many(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Return products by handle."""

    @abstractmethod
    async def lock(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the products, and with them their variants."""

    @abstractmethod
    async def available(self, handles: Collection[str]) -> Mapping[str, AvailableProduct]:
        """Like `get_many`, with the available stock, without variants that are archived."""

    @abstractmethod
    async def pages(
        self, questions: Collection[ProductListing]
    ) -> Mapping[ProductListing, Page[AvailableProduct, str]]:
        """Return the pages that are asked for, by handle, without variants that are archived."""

    @abstractmethod
    def add(self, product: Product) -> None:
        """Stage a new product with its variants.

        The commit raises `TransientFailure` if the handle, or the SKU of a variant, exists. A
        missing row cannot be locked, so a concurrent unit of work may add it first. A retry then
        finds the product.
        """

    @abstractmethod
    def save(self, product: Product) -> None:
        """Stage the new state of a locked product and its variants.

        A variant that it had must not be missing. If the SKU of a new one exists, the commit raises
        `TransientFailure`.
        """
