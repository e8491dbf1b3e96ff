"""Selects products by their numbers, their lowest price and their stock."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    exists,
    select,
    text,
    true,
    tuple_,
)

from shop.adapters.sql.schema.tables import inventories, products, variants
from shop.adapters.sql.statements.row_parameters import RowParameters
from shop.adapters.sql.statements.writes import Fields
from shop.application.ports.repositories.catalogue.product_searches import (
    ProductSort,
    SearchFilter,
    SearchPosition,
)

MIN_PRICE, MAX_PRICE, RANK, KEY, NUMBER = "min_price", "max_price", "rank", "key", "number"

_IS_ON_SALE = text("products.active AND products.archived_at IS NULL")
"""Word for word the condition of the indexes, or SQLite would not use them."""

_SOLD = variants.alias("sold_variants")
"""Another name than in a statement that has variants itself, or it would compare those."""

Shape = tuple[bool, bool, bool]
"""Which filters a question has: a lowest price, a highest price, stock."""


def shape_of(search_filter: SearchFilter) -> Shape:
    """Return which filters compare rows."""
    return (
        search_filter.min_price is not None,
        search_filter.max_price is not None,
        search_filter.in_stock,
    )


def parameters_of(search_filter: SearchFilter) -> Fields:
    """Return the parameters of the filters."""
    prices = {MIN_PRICE: search_filter.min_price, MAX_PRICE: search_filter.max_price}
    return {name: price for name, price in prices.items() if price is not None}


def position_parameters(sort: ProductSort, after: SearchPosition | None) -> Fields:
    """Return the parameters of a position in a sorted list."""
    if after is None:
        return {}
    by_price = sort in (ProductSort.PRICE, ProductSort.PRICE_DESCENDING)
    return {KEY: after.key} | ({RANK: after.rank} if by_price else {})


@cache
def select_passing(row_parameters: RowParameters, shape: Shape) -> Select[Any]:
    """Select those of the numbered products that pass the filters."""
    return select(products.c.search_id, products.c.sku).where(
        row_parameters.is_in(products.c.search_id), passes(shape)
    )


@cache
def select_sorted(
    row_parameters: RowParameters,
    shape: Shape,
    sort: ProductSort,
    has_position: bool,  # noqa: FBT001  The cache's key has positional parameters only.
) -> Select[Any]:
    """Select a page of the numbered products that pass the filters, sorted."""
    page = _sorted(sort, has_position=has_position)
    return page.where(row_parameters.is_in(products.c.search_id), passes(shape))


@cache
def select_walked(
    shape: Shape,
    sort: ProductSort,
    has_position: bool,  # noqa: FBT001  As above.
) -> Select[Any]:
    """Select the next products on sale by an index, and which of them pass the filters."""
    page = _sorted(sort, has_position=has_position)
    return page.add_columns(cast(passes(shape), Boolean).label("passes")).where(_IS_ON_SALE)


def passes(shape: Shape) -> ColumnElement[bool]:
    """Return the condition that a product passes the filters."""
    has_min_price, has_max_price, in_stock = shape
    conditions: list[ColumnElement[bool]] = [true()]
    if has_min_price:
        conditions.append(products.c.min_price >= bindparam(MIN_PRICE, type_=BigInteger()))
    if has_max_price:
        conditions.append(products.c.min_price <= bindparam(MAX_PRICE, type_=BigInteger()))
    if in_stock:
        conditions.append(
            exists().where(
                _SOLD.c.product_handle == products.c.sku,
                _SOLD.c.for_sale == true(),
                inventories.c.sku == _SOLD.c.sku,
                inventories.c.on_hand > inventories.c.reserved,
            )
        )
    return and_(*conditions)


def _sorted(sort: ProductSort, *, has_position: bool) -> Select[Any]:
    columns = _columns(sort)
    page = select(products.c.sku, products.c.min_price, products.c.name)
    if sort in (ProductSort.PRICE, ProductSort.PRICE_DESCENDING):
        page = page.where(products.c.min_price.is_not(None))
    descends = sort is ProductSort.PRICE_DESCENDING
    if has_position:
        here, there = tuple_(*columns), _position(sort)
        page = page.where(here < there if descends else here > there)
    order = [each.desc() if descends else each for each in columns]
    return page.order_by(*order).limit(bindparam(NUMBER, type_=Integer()))


def _columns(sort: ProductSort) -> Sequence[Column[Any]]:
    first = {
        ProductSort.PRICE: (products.c.min_price,),
        ProductSort.PRICE_DESCENDING: (products.c.min_price,),
        ProductSort.NAME: (products.c.name,),
    }
    return (*first.get(sort, ()), products.c.sku)


def _position(sort: ProductSort) -> ColumnElement[Any]:
    key = bindparam(KEY, type_=products.c.sku.type)
    if sort is ProductSort.NAME:
        # Names are too long for a cursor.
        last = products.alias("last")
        name = select(last.c.name).where(last.c.sku == key).scalar_subquery()
        return tuple_(name, key)
    if sort is ProductSort.HANDLE:
        return tuple_(key)
    return tuple_(bindparam(RANK, type_=BigInteger()), key)
