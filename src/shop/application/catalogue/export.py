"""Reads all products with their stock and categories, page by page."""

from collections.abc import AsyncIterator, Mapping, Sequence

from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.products import AvailableProduct, ProductListing
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.catalogue.product import Product
from shop.domain.inventory import Inventory
from shop.domain.shared.value import value

PAGE_PRODUCTS = 500


@value
class ExportedProduct:
    """A product as an export has it: with its categories, and its inventories by SKU."""

    product: Product
    categories: Sequence[str]
    inventories: Mapping[str, Inventory]


class ProductExport:
    """Exports the products on and off sale, by handle."""

    def __init__(self, transactions: TransactionRunner) -> None:
        self._transactions = transactions

    async def pages(self) -> AsyncIterator[Sequence[ExportedProduct]]:
        """Yield all products; those that are changed meanwhile are as they are when read."""
        for is_active in (True, False):
            after: str | None = None
            while True:
                page = PageRequest(limit=PAGE_PRODUCTS, after=after)
                question = ProductListing(page=page, active=is_active)
                products, after = await self._read(question)
                if products:
                    yield products
                if after is None:
                    break

    async def _read(self, question: ProductListing) -> tuple[Sequence[ExportedProduct], str | None]:
        async def read(uow: UnitOfWork) -> tuple[Sequence[ExportedProduct], str | None]:
            page = (await uow.products.pages([question]))[question]
            handles = [each.product.handle for each in page.items]
            skus = [sku for each in page.items for sku in each.stock]
            inventories = await uow.inventories.get_many(skus)
            slugs = await uow.categories.slugs_of(handles)
            return [_exported(each, inventories, slugs) for each in page.items], page.next

        return await self._transactions.read(read)


def _exported(
    found: AvailableProduct,
    inventories: Mapping[str, Inventory],
    slugs: Mapping[str, Sequence[str]],
) -> ExportedProduct:
    return ExportedProduct(
        product=found.product,
        categories=slugs[found.product.handle],
        inventories={sku: inventories[sku] for sku in found.stock},
    )
