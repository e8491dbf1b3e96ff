"""The statements that show products with their variants and their stock."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Row,
    Select,
    Text,
    bindparam,
    or_,
    select,
    true,
)

from shop.adapters.sql.catalogue.product_rows import chosen_options, product_of
from shop.adapters.sql.schema.tables import inventories, products, variants
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters
from shop.adapters.sql.statements.writes import Fields
from shop.application.ports.repositories.products import AvailableProduct, ProductSearch
from shop.domain.catalogue.variant import Variant
from shop.domain.shared.money import Currency, Money

_ESCAPES = str.maketrans({each: f"/{each}" for each in "/%_"})
"""The characters that are not themselves in a pattern of LIKE."""

_SHOWN = (
    products.c.sku,
    products.c.name,
    products.c.description,
    products.c.active,
    products.c.image_url,
    products.c.options,
    products.c.archived_at,
    products.c.created_at,
    products.c.updated_at,
)
_OF_VARIANTS = (
    variants.c.sku.label("variant_sku"),
    variants.c.price,
    variants.c.currency,
    variants.c.compare_at_price,
    variants.c.options.label("chosen_options"),
    variants.c.weight_grams,
    variants.c.tax_category,
    variants.c.barcode,
    variants.c.ships,
    variants.c.active.label("variant_active"),
    inventories.c.on_hand,
    inventories.c.reserved,
)


def _with_variants(shown: FromClause, *others: ColumnElement[Any]) -> Select[Any]:
    """Select products with the variants that are not archived, one row for each variant."""
    return (
        select(*others, *(shown.c[each.name] for each in _SHOWN), *_OF_VARIANTS)
        .join(variants, variants.c.product_handle == shown.c.sku)
        .join(inventories, inventories.c.sku == variants.c.sku)
        .where(variants.c.archived_at.is_(None))
    )


WITH_STOCK = _with_variants(products).order_by(products.c.sku, variants.c.position)

POSITION, PATTERN, ACTIVE, ARCHIVED = "position", "pattern", "active", "archived"
AFTER, NUMBER = "after", "number"
ASKED: Columns = (
    (POSITION, Integer()),
    (PATTERN, Text()),
    (ACTIVE, Boolean()),
    (ARCHIVED, Boolean()),
    (AFTER, Text()),
    (NUMBER, Integer()),
)
"""A question, as a row of a parameter."""


def _select_page(asked: Mapping[str, ColumnElement[Any]]) -> Select[Any]:
    return (
        select(*_SHOWN)
        .where(
            or_(products.c.active == asked[ACTIVE], asked[ARCHIVED]),
            products.c.archived_at.is_not(None) == asked[ARCHIVED],
            products.c.sku > asked[AFTER],
            products.c.search_text.like(asked[PATTERN], escape="/"),
        )
        .order_by(products.c.sku)
        .limit(asked[NUMBER])
    )


_PAGE = _select_page({name: bindparam(name, type_=kind) for name, kind in ASKED}).subquery("page")
SELECT_PAGE = _with_variants(_PAGE).order_by(_PAGE.c.sku, variants.c.position)


@cache
def select_pages(row_parameters: RowParameters) -> Select[Any]:
    """Select the pages of all questions of a parameter, each with the position of its question."""
    asked = row_parameters.rows_from(ASKED, ROWS)
    page = _select_page(dict(asked.c.items())).lateral("page")
    shown = select(asked.c.position, *page.c).join(page, true()).subquery("shown")
    return _with_variants(shown, shown.c.position).order_by(
        shown.c.position, shown.c.sku, variants.c.position
    )


def asking(question: ProductSearch) -> Fields:
    """Return a question as the values of parameters."""
    return {
        PATTERN: f"%{question.words.casefold().translate(_ESCAPES)}%",
        ACTIVE: question.active,
        ARCHIVED: question.archived,
        AFTER: question.page.after or "",
        # One more row shows whether a page follows.
        NUMBER: question.page.limit + 1,
    }


def available_products(rows: Iterable[Row[Any]]) -> Iterator[AvailableProduct]:
    """Yield the products of rows that are sorted by product."""
    for _, group in groupby(rows, key=lambda row: row.sku):
        yield _available_product(list(group))


def _available_product(rows: Sequence[Row[Any]]) -> AvailableProduct:
    return AvailableProduct(
        product=product_of(rows[0], map(_variant, rows)),
        stock={row.variant_sku: row.on_hand - row.reserved for row in rows},
    )


def _variant(row: Row[Any]) -> Variant:
    currency = Currency(row.currency)
    before = row.compare_at_price
    return Variant(
        sku=row.variant_sku,
        price=Money(amount=row.price, currency=currency),
        compare_at_price=None if before is None else Money(amount=before, currency=currency),
        options=chosen_options(row.chosen_options),
        weight_grams=row.weight_grams,
        tax_category=row.tax_category,
        barcode=row.barcode,
        ships=row.ships,
        active=row.variant_active,
    )
