"""Products in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, Row, Select, Text, bindparam, select, true

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import inventories, products
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters
from shop.adapters.sql.statements.writes import Fields, PendingWrite
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct, Products, ProductSearch
from shop.application.ports.unit_of_work import LockOrder, TransientFailure
from shop.domain.product import Product
from shop.domain.shared.money import Currency, Money

PRODUCTS = select(products).order_by(products.c.sku)

_ESCAPES = str.maketrans({each: f"/{each}" for each in "/%_"})
"""The characters that are not themselves in a pattern of LIKE."""

WITH_STOCK = (
    select(products, inventories.c.on_hand, inventories.c.reserved)
    .join(inventories, inventories.c.sku == products.c.sku)
    .order_by(products.c.sku)
)

POSITION, PATTERN, ACTIVE, AFTER, NUMBER = "position", "pattern", "active", "after", "number"
ASKED: Columns = (
    (POSITION, Integer()),
    (PATTERN, Text()),
    (ACTIVE, Boolean()),
    (AFTER, Text()),
    (NUMBER, Integer()),
)
"""A question, as a row of a parameter."""


def _select_page(asked: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    return WITH_STOCK.where(
        products.c.active == asked[ACTIVE],
        products.c.sku > asked[AFTER],
        products.c.search_text.like(asked[PATTERN], escape="/"),
    ).limit(asked[NUMBER])


SELECT_PAGE = _select_page({name: bindparam(name, type_=kind) for name, kind in ASKED})


class SqlProducts(Products):
    """The table of products."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._products = SqlTableRepository(
            connection, PRODUCTS, products.c.sku, to_entity=_product, to_fields=_fields
        )

    async def get_many(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Return products by SKU."""
        found = await self._products.get_many(skus, by=products.c.sku)
        return {each.sku: each for each in found}

    async def lock(self, skus: Collection[str]) -> Mapping[str, Product]:
        """Like `get_many`, and lock the rows."""
        found = await self._products.lock(LockOrder.PRODUCTS, skus, by=products.c.sku)
        return {each.sku: each for each in found}

    async def available(self, skus: Collection[str]) -> Mapping[str, AvailableProduct]:
        """Return products by SKU, with their available stock."""
        rows = await self._connection.fetch_where_in(WITH_STOCK, products.c.sku, skus)
        return {row.sku: _available_product(row) for row in rows}

    async def search(
        self, questions: Collection[ProductSearch]
    ) -> Mapping[ProductSearch, Page[AvailableProduct, str]]:
        """Return pages of active or inactive products that contain words, by SKU."""
        asked = list(questions)
        found = (
            await self._search_at_once(asked)
            if self._connection.has_lateral_joins
            else [await self._search_alone(each) for each in asked]
        )
        return {
            question: to_page(
                [_available_product(row) for row in rows],
                question.page,
                lambda each: each.product.sku,
            )
            for question, rows in zip(asked, found, strict=True)
        }

    async def _search_at_once(self, asked: Sequence[ProductSearch]) -> Sequence[Sequence[Row[Any]]]:
        parameters = self._connection.row_parameters
        rows = [{POSITION: position, **_parameters(each)} for position, each in enumerate(asked)]
        found: list[list[Row[Any]]] = [[] for _ in asked]
        for row in await self._connection.fetch_all(
            _select_pages(parameters), parameters.bind_rows(ASKED, ROWS, rows)
        ):
            found[row.position].append(row)
        return found

    async def _search_alone(self, question: ProductSearch) -> Sequence[Row[Any]]:
        return await self._connection.fetch_all(SELECT_PAGE, _parameters(question))

    def add(self, product: Product) -> None:
        """Stage a new product."""
        self._products.add(product)

    def save(self, product: Product) -> None:
        """Stage the new state of a locked product."""
        self._products.save(product)

    @property
    def has_added(self) -> bool:
        """Whether new products are staged."""
        return self._products.has_added

    async def insert_unique(self) -> None:
        """Insert new products; raise `TransientFailure` if a SKU exists by now."""
        if await self._products.insert_if_absent():
            raise TransientFailure("a product was added at the same time")

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the other staged writes."""
        return self._products.updates()


@cache
def _select_pages(row_parameters: RowParameters) -> Select[Any]:
    asked = row_parameters.rows_from(ASKED, ROWS)
    page = _select_page(dict(asked.c.items())).lateral("page")
    return select(asked.c.position, page).join(page, true()).order_by(asked.c.position, page.c.sku)


def _parameters(question: ProductSearch) -> Fields:
    return {
        PATTERN: f"%{question.words.casefold().translate(_ESCAPES)}%",
        ACTIVE: question.active,
        AFTER: question.page.after or "",
        # One more row shows whether a page follows.
        NUMBER: question.page.limit + 1,
    }


def _available_product(row: Row[Any]) -> AvailableProduct:
    return AvailableProduct(product=_product(row), available=row.on_hand - row.reserved)


def _product(row: Row[Any]) -> Product:
    return Product(
        sku=row.sku,
        name=row.name,
        description=row.description,
        price=Money(amount=row.price, currency=Currency(row.currency)),
        active=row.active,
        image_url=row.image_url,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _fields(product: Product) -> Fields:
    return {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "price": product.price.amount,
        "currency": product.price.currency,
        "active": product.active,
        "image_url": product.image_url,
        "search_text": f"{product.sku}\n{product.name}".casefold(),
        "created_at": product.created_at,
        "updated_at": product.updated_at,
    }
