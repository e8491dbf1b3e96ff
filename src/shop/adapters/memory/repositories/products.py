"""Products with their variants in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, ProductListing, Products
from shop.application.ports.unit_of_work import ConstraintViolated, LockOrder, TransientFailure
from shop.domain.catalogue.product import Product


class MemoryProducts(Products):
    """All products, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.PRODUCTS, lambda state: state.products)
        self._inventories = StagedRows(
            transaction, LockOrder.INVENTORIES, lambda state: state.inventories
        )

    async def get_many(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Return products by handle."""
        return self._rows.committed.get_many(handles)

    async def lock(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the products."""
        return self._rows.lock(handles)

    async def available(self, handles: Collection[str]) -> Mapping[str, AvailableProduct]:
        """Return products by handle, with their available stock."""
        found = self._rows.committed.get_many(handles)
        return {handle: self._with_stock(product) for handle, product in found.items()}

    async def pages(
        self, questions: Collection[ProductListing]
    ) -> Mapping[ProductListing, Page[AvailableProduct, str]]:
        """Return pages of products, by handle."""
        return {each: self._page(each) for each in questions}

    def _page(self, question: ProductListing) -> Page[AvailableProduct, str]:
        page = question.page
        found = [
            product
            for handle, product in sorted(self._rows.committed.rows.items())
            if (product.archived_at is not None) is question.archived
            if question.archived or product.active is question.active
            if page.after is None or handle > page.after
        ]
        selected = found[: page.limit]
        return Page(
            items=[self._with_stock(product) for product in selected],
            next=selected[-1].handle if len(selected) < len(found) else None,
        )

    def _with_stock(self, product: Product) -> AvailableProduct:
        inventories = self._inventories.committed.rows
        current = tuple(product.current_variants)
        state = self._transaction.state
        slugs = [
            row.slug
            for row in state.product_categories.rows
            if row.handle == product.handle and row.slug not in state.ended_categories.rows
        ]
        images = [
            each for each in state.product_images.rows.values() if each.product == product.handle
        ]
        return AvailableProduct(
            product=replace(product, variants=current),
            stock={each.sku: inventories[each.sku].available for each in current},
            categories=tuple(sorted(slugs)),
            images=tuple(sorted(images, key=lambda each: (each.position, each.id))),
        )

    def add(self, product: Product) -> None:
        """Stage a new product."""
        self._rows.add(product)

    def save(self, product: Product) -> None:
        """Stage the new state of a locked product and its variants."""
        self._rows.save(product)

    def apply(self, state: State) -> State:
        """Return the state with the staged rows; raise `TransientFailure` if one exists."""
        sold = [product.sold(each) for product in self._rows.staged for each in product.variants]
        known = {
            each.sku for handle in self._rows.saved for each in state.products.rows[handle].variants
        }
        try:
            return replace(
                state,
                products=self._rows.apply(state),
                variants=state.variants.with_changes(
                    added=[each for each in sold if each.sku not in known],
                    saved=[each for each in sold if each.sku in known],
                ),
            )
        except ConstraintViolated as violation:
            raise TransientFailure("a product was added at the same time") from violation
