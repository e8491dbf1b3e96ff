"""Categories in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.engine.database import ProductCategory, State
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.repositories.catalogue.categories import Categories
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.catalogue.category import Category, CategoryTree


class MemoryCategories(Categories):
    """All categories, and the products in them, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.CATEGORIES, lambda state: state.categories)
        self._is_locked = False
        self._removed: set[str] = set()
        self._joined: list[ProductCategory] = []
        self._left: set[ProductCategory] = set()

    async def tree(self) -> CategoryTree:
        """Return all categories."""
        return CategoryTree.of(self._rows.committed.rows.values())

    async def lock_tree(self) -> CategoryTree:
        """Like `tree`, and lock it."""
        self._rows.lock(list(self._rows.committed.rows))
        self._is_locked = True
        return await self.tree()

    async def slugs_of(self, handles: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Return the categories that each product is directly in."""
        slugs: dict[str, list[str]] = {handle: [] for handle in handles}
        for row in self._members():
            if row.handle in slugs:
                slugs[row.handle].append(row.slug)
        return slugs

    async def handles_in(self, slug: str, limit: int) -> Sequence[str]:
        """Return the first products that are directly in a category."""
        return [row.handle for row in self._members() if row.slug == slug][:limit]

    def put(self, category: Category, at: datetime) -> None:
        """Stage a category of a locked tree."""
        del at
        self._require_locked()
        if category.slug in self._rows.committed.rows:
            self._rows.save(category)
        else:
            self._rows.add(category)

    def remove(self, slug: str) -> None:
        """Stage the deletion of a category of a locked tree."""
        self._require_locked()
        CategoryTree.of(self._rows.committed.rows.values()).require(slug)
        self._removed.add(slug)

    def assign(self, handle: str, before: Collection[str], after: Collection[str]) -> None:
        """Stage the categories that a product is directly in."""
        self._require_locked()
        self._left |= {ProductCategory(handle=handle, slug=slug) for slug in {*before} - {*after}}
        joined = sorted(set(after) - set(before))
        self._joined += [ProductCategory(handle=handle, slug=slug) for slug in joined]

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        left = {row for row in state.product_categories.rows if row.slug in self._removed}
        return replace(
            state,
            categories=self._rows.apply(state).with_changes(removed=self._removed),
            product_categories=state.product_categories.with_changes(
                added=self._joined, removed=self._left | left
            ),
        )

    def _members(self) -> Sequence[ProductCategory]:
        rows = self._transaction.state.product_categories.rows
        return sorted(rows, key=lambda row: (row.handle, row.slug))

    def _require_locked(self) -> None:
        self._transaction.require_writing()
        if not self._is_locked:
            raise RuntimeError("the categories were not locked in this unit of work")
