"""Categories in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shop.adapters.memory.engine.database import ProductCategory, State
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.repositories.catalogue.categories import Categories
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.catalogue.category import Category, CategoryTree, EndedCategory


class MemoryCategories(Categories):
    """All categories, and the products in them, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._rows = StagedRows(transaction, LockOrder.CATEGORIES, lambda state: state.categories)
        self._is_locked = False
        self._ended: list[EndedCategory] = []
        self._forgotten: set[str] = set()
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
        ended = self._transaction.state.ended_categories.rows
        for row in self._members():
            if row.handle in slugs and row.slug not in ended:
                slugs[row.handle].append(row.slug)
        return slugs

    async def paths_of(self, handles: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Return the categories of each product and those above them."""
        tree = CategoryTree(categories=self._rows.committed.rows)
        direct = await self.slugs_of(handles)
        return {handle: frozenset(tree.paths(slugs)) for handle, slugs in direct.items()}

    async def handles_in(self, slug: str, limit: int) -> Sequence[str]:
        """Return the first products that are directly in a category."""
        return [row.handle for row in self._members() if row.slug == slug][:limit]

    async def ended(self) -> Sequence[EndedCategory]:
        """Return the ended categories that products may still be in."""
        rows = self._transaction.state.ended_categories.rows
        return [rows[slug] for slug in sorted(rows)]

    def put(self, category: Category, at: datetime) -> None:
        """Stage a category of a locked tree."""
        del at
        self._require_locked()
        if category.slug in self._rows.committed.rows:
            self._rows.save(category)
        else:
            self._rows.add(category)

    def end(self, ended: EndedCategory, at: datetime) -> None:
        """Stage that a category of a locked tree has ended."""
        del at
        self._require_locked()
        CategoryTree.of(self._rows.committed.rows.values()).require(ended.slug)
        self._ended.append(ended)

    def forget(self, ended: EndedCategory) -> None:
        """Stage the end of an ended category that all products have left."""
        self._require_locked()
        self._forgotten.add(ended.slug)

    def assign(self, handle: str, before: Collection[str], after: Collection[str]) -> None:
        """Stage the categories that a product is directly in."""
        self._require_locked()
        self._left |= {ProductCategory(handle=handle, slug=slug) for slug in {*before} - {*after}}
        joined = sorted(set(after) - set(before))
        self._joined += [ProductCategory(handle=handle, slug=slug) for slug in joined]

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        return replace(
            state,
            categories=self._rows.apply(state).with_changes(
                removed=[each.slug for each in self._ended]
            ),
            ended_categories=state.ended_categories.with_changes(
                added=self._ended, removed=self._forgotten
            ),
            product_categories=state.product_categories.with_changes(
                added=self._joined, removed=self._left
            ),
        )

    def _members(self) -> Sequence[ProductCategory]:
        rows = self._transaction.state.product_categories.rows
        return sorted(rows, key=lambda row: (row.handle, row.slug))

    def _require_locked(self) -> None:
        self._transaction.require_writing()
        if not self._is_locked:
            raise RuntimeError("the categories were not locked in this unit of work")
