"""Products in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, Products, ProductSearch
from shop.application.ports.unit_of_work import ConstraintViolated, LockOrder, TransientFailure
from shop.domain.product import Product


class MemoryProducts(Products):
    """All products, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(transaction, LockOrder.PRODUCTS, lambda state: state.products)
        self._inventories = StagedRows(
            transaction, LockOrder.INVENTORIES, lambda state: state.inventories
        )

    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return products by SKU."""
        return self._rows.committed.get_many(skus)

    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the products."""
        return self._rows.lock(skus)

    async def available(self, skus: Collection[str]) -> Mapping[str, AvailableProduct]:
        """Return products by SKU, with their available stock."""
        found = self._rows.committed.get_many(skus)
        return {sku: self._with_stock(product) for sku, product in found.items()}

    async def search(
        self, questions: Collection[ProductSearch]
    ) -> Mapping[ProductSearch, Page[AvailableProduct, str]]:
        """Return pages of active or inactive products that contain words, by SKU."""
        return {each: self._search(each) for each in questions}

    def _search(self, question: ProductSearch) -> Page[AvailableProduct, str]:
        words, page = question.words.casefold(), question.page
        found = [
            product
            for sku, product in sorted(self._rows.committed.rows.items())
            if product.active is question.active and (page.after is None or sku > page.after)
            if words in sku.casefold() or words in product.name.casefold()
        ]
        selected = found[: page.limit]
        return Page(
            items=[self._with_stock(product) for product in selected],
            next=selected[-1].sku if len(selected) < len(found) else None,
        )

    def _with_stock(self, product: Product) -> AvailableProduct:
        inventory = self._inventories.committed.rows[product.sku]
        return AvailableProduct(product=product, available=inventory.available)

    def add(self, product: Product) -> None:
        """Stage a new product."""
        self._rows.add(product)

    def save(self, product: Product) -> None:
        """Stage the new state of a locked product."""
        self._rows.save(product)

    def apply(self, state: State) -> State:
        """Return the state with the staged rows; raise `TransientFailure` if a SKU exists."""
        try:
            return replace(state, products=self._rows.apply(state))
        except ConstraintViolated as violation:
            raise TransientFailure("a product was added at the same time") from violation
