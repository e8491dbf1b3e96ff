"""Products in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shop.adapters.memory.database import State
from shop.adapters.memory.turn import Rank, Rows, Turn
from shop.application.ports.catalogue import Products
from shop.application.ports.paging import Listing, Page
from shop.application.ports.unit_of_work import ConstraintViolated, Interrupted
from shop.domain.catalogue import Product


class MemoryProducts(Products):
    """All products, in memory."""

    def __init__(self, turn: Turn) -> None:
        self._rows = Rows(turn, Rank.PRODUCTS, lambda state: state.products)

    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return those products that exist, by SKU."""
        return self._rows.committed.get_many(skus)

    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return those products that exist, kept from others' changes."""
        return self._rows.lock(skus)

    async def search(self, words: str, page: Page[str]) -> Listing[Product, str]:
        """Return a page of the active products in the order of their SKUs."""
        wanted = words.casefold()
        found = [
            product
            for sku, product in sorted(self._rows.committed.rows.items())
            if product.active and (page.after is None or sku > page.after)
            if wanted in sku.casefold() or wanted in product.name.casefold()
        ]
        shown = found[: page.limit]
        return Listing(items=shown, next=shown[-1].sku if len(shown) < len(found) else None)

    def add(self, product: Product) -> None:
        """Stage a new product."""
        self._rows.add(product)

    def save(self, product: Product) -> None:
        """Stage the new state of a product that was locked."""
        self._rows.save(product)

    def applied_to(self, state: State) -> State:
        """Return the state after what is staged; raise `Interrupted` where a SKU has a product."""
        try:
            return replace(state, products=self._rows.applied_to(state))
        except ConstraintViolated as violation:
            raise Interrupted("the SKU has a product by now") from violation
