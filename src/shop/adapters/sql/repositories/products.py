"""Products in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, Select, Text, bindparam, select

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import products
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.products import Products
from shop.application.ports.unit_of_work import LockOrder, TransientFailure
from shop.domain.product import Product
from shop.domain.shared.money import Currency, Money

PRODUCTS = select(products).order_by(products.c.sku)

_ESCAPES = str.maketrans({each: f"/{each}" for each in "/%_"})
"""The characters that are not themselves in a pattern of LIKE."""

WORDS, AFTER, LIMIT = "words", "after", "limit"


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

    async def search(
        self, words: str, page: PageRequest[str], *, active: bool = True
    ) -> Page[Product, str]:
        """Return a page of active or inactive products that contain the words, by SKU."""
        parameters = {AFTER: page.after or "", LIMIT: page.limit + 1}
        if words:
            parameters[WORDS] = f"%{words.casefold().translate(_ESCAPES)}%"
        statement = _select_page(has_words=bool(words), active=active)
        rows = await self._connection.fetch_all(statement, parameters)
        return to_page([_product(row) for row in rows], page, lambda product: product.sku)

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
def _select_page(*, has_words: bool, active: bool) -> Select[Any]:
    """Select products by SKU; building it takes longer than running it, so it is kept."""
    statement = PRODUCTS.where(
        products.c.active if active else ~products.c.active, products.c.sku > bindparam(AFTER)
    )
    if has_words:
        contains_words = products.c.search_text.like(bindparam(WORDS, type_=Text()), escape="/")
        statement = statement.where(contains_words)
    return statement.limit(bindparam(LIMIT, type_=Integer()))


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
