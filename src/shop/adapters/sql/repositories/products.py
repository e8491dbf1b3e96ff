"""Products with their variants in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from shop.adapters.sql.catalogue.product_pages import (
    ASKED,
    POSITION,
    SELECT_PAGE,
    WITH_STOCK,
    asking,
    available_products,
    select_pages,
)
from shop.adapters.sql.catalogue.product_rows import (
    PRODUCTS,
    VARIANTS_OF_PRODUCTS,
    own_variant,
    product_fields,
    product_of,
    variant_fields,
    variant_of,
)
from shop.adapters.sql.schema.tables import products, variants
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.row_parameters import ROWS
from shop.adapters.sql.statements.writes import Fields, PendingWrite, update_rows
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, ProductListing, Products
from shop.application.ports.unit_of_work import LockOrder, TransientFailure
from shop.domain.catalogue.product import Product


class SqlProducts(Products):
    """The tables of products and variants."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._locked: dict[str, Product] = {}
        self._added: dict[str, Product] = {}
        self._saved: dict[str, Product] = {}
        self._without_variants: set[str] = set()

    async def get_many(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Return products by handle."""
        rows = await self._connection.fetch_where_in(PRODUCTS, products.c.sku, handles)
        return await self._with_variants(rows)

    async def lock(self, handles: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the rows of the products."""
        rows = await self._connection.fetch_where_in(
            PRODUCTS, products.c.sku, handles, lock=LockOrder.PRODUCTS
        )
        # Not in the statement that waits for the locks: its other rows are those of before.
        found = await self._with_variants(rows)
        # A server of an older release has added them, and knows no variants.
        alone = [row for row in rows if row.sku not in found]
        found |= {row.sku: product_of(row, [own_variant(row)]) for row in alone}
        self._without_variants |= {row.sku for row in alone}
        self._locked |= found
        return found

    async def _with_variants(self, rows: Sequence[Row[Any]]) -> dict[str, Product]:
        of_products = await self._connection.fetch_where_in(
            VARIANTS_OF_PRODUCTS, variants.c.product_handle, [row.sku for row in rows]
        )
        by_handle = {
            handle: list(group)
            for handle, group in groupby(of_products, key=lambda row: row.product_handle)
        }
        return {
            row.sku: product_of(row, map(variant_of, its_rows), its_rows[0].image_url)
            for row in rows
            if (its_rows := by_handle.get(row.sku))
        }

    async def available(self, handles: Collection[str]) -> Mapping[str, AvailableProduct]:
        """Return products by handle, with their available stock."""
        rows = await self._connection.fetch_where_in(WITH_STOCK, products.c.sku, handles)
        return {each.product.handle: each for each in available_products(rows)}

    async def pages(
        self, questions: Collection[ProductListing]
    ) -> Mapping[ProductListing, Page[AvailableProduct, str]]:
        """Return pages of products, by handle."""
        asked = list(questions)
        found = (
            await self._pages_at_once(asked)
            if self._connection.has_lateral_joins
            else [await self._page_alone(each) for each in asked]
        )
        return {
            question: to_page(
                list(available_products(rows)), question.page, lambda each: each.product.handle
            )
            for question, rows in zip(asked, found, strict=True)
        }

    async def _pages_at_once(self, asked: Sequence[ProductListing]) -> Sequence[Sequence[Row[Any]]]:
        parameters = self._connection.row_parameters
        rows = [{POSITION: position, **asking(each)} for position, each in enumerate(asked)]
        found: list[list[Row[Any]]] = [[] for _ in asked]
        for row in await self._connection.fetch_all(
            select_pages(parameters), parameters.bind_rows(ASKED, ROWS, rows)
        ):
            found[row.position].append(row)
        return found

    async def _page_alone(self, question: ProductListing) -> Sequence[Row[Any]]:
        return await self._connection.fetch_all(SELECT_PAGE, asking(question))

    def add(self, product: Product) -> None:
        """Stage a new product."""
        self._connection.require_staging()
        self._added[product.handle] = product

    def save(self, product: Product) -> None:
        """Stage the new state of a locked or added product."""
        self._connection.require_staging()
        if product.handle in self._added:
            self._added[product.handle] = product
        elif product.handle in self._locked:
            self._saved[product.handle] = product
        else:
            raise RuntimeError(f"product {product.handle} was not locked in this unit of work")

    @property
    def has_added(self) -> bool:
        """Whether new products are staged."""
        return bool(self._added)

    async def insert_unique(self) -> None:
        """Insert new products and variants; raise `TransientFailure` if one exists by now."""
        if self._added:
            rows = [product_fields(each) for each in self._added.values()]
            if len(await self._connection.insert_if_absent(products, rows)) < len(rows):
                raise TransientFailure("a product was added at the same time")
        new = list(self._new_variants())
        if len(await self._connection.insert_if_absent(variants, new)) < len(new):
            raise TransientFailure("a variant was added at the same time")

    def _new_variants(self) -> Iterator[Fields]:
        for product in (*self._added.values(), *self._saved.values()):
            times = {"created_at": product.updated_at, "updated_at": product.updated_at}
            before = self._locked.get(product.handle)
            has_rows = before is not None and product.handle not in self._without_variants
            existing = {each.sku for each in before.variants} if before and has_rows else set()
            for sku, fields in variant_fields(product):
                if sku not in existing:
                    yield {**fields, **times}

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the other staged writes."""
        missing = RuntimeError("locked rows of products are missing")
        rows = [product_fields(each) for each in self._saved.values()]
        yield from update_rows(products, ["sku"], rows, error_if_incomplete=missing)
        changed = list(self._changed_variants())
        yield from update_rows(variants, ["sku"], changed, error_if_incomplete=missing)

    def _changed_variants(self) -> Iterator[Fields]:
        for product in self._saved.values():
            if product.handle in self._without_variants:
                continue
            before = dict(variant_fields(self._locked[product.handle]))
            for sku, fields in variant_fields(product):
                if sku in before and before[sku] != fields:
                    yield {**fields, "updated_at": product.updated_at}
