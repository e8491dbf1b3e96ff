"""Categories in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Integer, Select, Text, bindparam, select, text

from shop.adapters.sql.catalogue.product_lists import IS_IN_TREE
from shop.adapters.sql.schema.tables import categories, ended_categories, product_categories
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.row_parameters import RowParameters
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    delete_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.repositories.catalogue.categories import Categories
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.catalogue.category import Category, CategoryTree, EndedCategory

CATEGORIES = select(
    categories.c.slug, categories.c.name, categories.c.parent, categories.c.position
).order_by(categories.c.slug)

MEMBERS = (
    select(product_categories)
    .where(IS_IN_TREE)
    .order_by(product_categories.c.product_handle, product_categories.c.category_slug)
)

ENDED = select(ended_categories.c.id, ended_categories.c.slug).order_by(ended_categories.c.slug)

HANDLES = (
    select(product_categories.c.product_handle)
    .where(product_categories.c.category_slug == bindparam("slug", type_=Text()))
    .order_by(product_categories.c.product_handle)
    .limit(bindparam("number", type_=Integer()))
)

LOCK_CATEGORIES = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 5044031582654955520))"
)
"""Until the end of the transaction, no other changes categories. A new shop has no row to lock."""


class SqlCategories(Categories):
    """The tables of categories, and of the products in them."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._locked: CategoryTree | None = None
        self._added: list[Fields] = []
        self._changed: list[Fields] = []
        self._ended: list[Fields] = []
        self._forgotten: list[str] = []
        self._joined: list[Fields] = []
        self._left: list[Fields] = []

    async def tree(self) -> CategoryTree:
        """Return all categories."""
        rows = await self._connection.fetch_prepared(CATEGORIES, {})
        return tree_of(tuple(map(tuple, rows)))

    async def lock_tree(self) -> CategoryTree:
        """Like `tree`, and lock it."""
        self._connection.acquire(LockOrder.CATEGORIES)
        if self._connection.has_lateral_joins:
            await self._connection.fetch_all(LOCK_CATEGORIES)
        self._locked = tree = await self.tree()
        return tree

    async def slugs_of(self, handles: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Return the categories that each product is directly in."""
        rows = await self._connection.fetch_where_in(
            MEMBERS, product_categories.c.product_handle, handles
        )
        slugs: dict[str, list[str]] = {handle: [] for handle in handles}
        for row in rows:
            slugs[row.product_handle].append(row.category_slug)
        return slugs

    async def paths_of(self, handles: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Return the categories of each product and those above them."""
        paths: dict[str, set[str]] = {handle: set() for handle in handles}
        if handles:
            parameters = self._connection.row_parameters
            rows = await self._connection.fetch_prepared(
                _select_paths(parameters),
                parameters.bind_values(product_categories.c.product_handle.type, handles),
            )
            for row in rows:
                paths[row.product_handle].add(row.slug)
        return {handle: frozenset(slugs) for handle, slugs in paths.items()}

    async def handles_in(self, slug: str, limit: int) -> Sequence[str]:
        """Return the first products that are directly in a category."""
        rows = await self._connection.fetch_prepared(HANDLES, {"slug": slug, "number": limit})
        return [row.product_handle for row in rows]

    async def ended(self) -> Sequence[EndedCategory]:
        """Return the ended categories that products may still be in."""
        rows = await self._connection.fetch_prepared(ENDED, {})
        return [EndedCategory(id=row.id, slug=row.slug) for row in rows]

    def put(self, category: Category, at: datetime) -> None:
        """Stage a category of a locked tree."""
        fields = {
            "slug": category.slug,
            "name": category.name,
            "parent": category.parent,
            "position": category.position,
            "updated_at": at,
        }
        if category.slug in self._require_locked().categories:
            self._changed.append(fields)
        else:
            self._added.append({**fields, "created_at": at})

    def end(self, ended: EndedCategory, at: datetime) -> None:
        """Stage that a category of a locked tree has ended."""
        self._require_locked().require(ended.slug)
        self._ended.append({"slug": ended.slug, "id": ended.id, "created_at": at})

    def forget(self, ended: EndedCategory) -> None:
        """Stage the end of an ended category that all products have left."""
        self._require_locked()
        self._forgotten.append(ended.slug)

    def assign(self, handle: str, before: Collection[str], after: Collection[str]) -> None:
        """Stage the categories that a product is directly in."""
        self._require_locked()
        self._left += [_membership(handle, slug) for slug in sorted(set(before) - set(after))]
        self._joined += [_membership(handle, slug) for slug in sorted(set(after) - set(before))]

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(categories, self._added)
        yield from update_rows(
            categories,
            ["slug"],
            self._changed,
            error_if_incomplete=RuntimeError("locked categories are missing"),
        )
        yield from delete_rows(product_categories, self._left)
        yield from insert_rows(product_categories, self._joined)
        yield from insert_rows(ended_categories, self._ended)
        yield from delete_rows(categories, [{"slug": row["slug"]} for row in self._ended])
        yield from delete_rows(ended_categories, [{"slug": slug} for slug in self._forgotten])

    def _require_locked(self) -> CategoryTree:
        self._connection.require_staging()
        if self._locked is None:
            raise RuntimeError("the categories were not locked in this unit of work")
        return self._locked


@lru_cache(maxsize=4)
def tree_of(rows: tuple[tuple[str, str, str | None, int], ...]) -> CategoryTree:
    """Return the tree of the rows, which each search reads and few change."""
    return CategoryTree.of(
        Category(slug=slug, name=name, parent=parent, position=position)
        for slug, name, parent, position in rows
    )


@cache
def _select_paths(row_parameters: RowParameters) -> Select[Any]:
    """Select the categories of products, then those above; one that has ended is none of them."""
    found = (
        select(product_categories.c.product_handle, categories.c.slug, categories.c.parent)
        .join(categories, categories.c.slug == product_categories.c.category_slug)
        .where(row_parameters.is_in(product_categories.c.product_handle))
        .cte("found", recursive=True)
    )
    above = select(found.c.product_handle, categories.c.slug, categories.c.parent).join(
        categories, categories.c.slug == found.c.parent
    )
    # UNION leaves out what several categories of a product are below.
    paths = found.union(above)
    return select(paths.c.product_handle, paths.c.slug)


def _membership(handle: str, slug: str) -> Fields:
    return {"product_handle": handle, "category_slug": slug}
