"""Products in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.products import Products
from shop.application.ports.unit_of_work import ConstraintViolated, LockOrder, TransientFailure
from shop.domain.product import Product


class MemoryProducts(Products):
    """All products, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(transaction, LockOrder.PRODUCTS, lambda state: state.products)

    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return products by SKU."""
        return self._rows.committed.get_many(skus)

    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the products."""
        return self._rows.lock(skus)

    async def search(
        self, words: str, page: PageRequest[str], *, active: bool = True
    ) -> Page[Product, str]:
        """Return a page of active or inactive products that contain the words, by SKU."""
        search_words = words.casefold()
        found = [
            product
            for sku, product in sorted(self._rows.committed.rows.items())
            if product.active is active and (page.after is None or sku > page.after)
            if search_words in sku.casefold() or search_words in product.name.casefold()
        ]
        selected = found[: page.limit]
        return Page(items=selected, next=selected[-1].sku if len(selected) < len(found) else None)

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
