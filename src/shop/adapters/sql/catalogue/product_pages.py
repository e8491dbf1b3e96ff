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
    case,
    literal_column,
    or_,
    select,
    true,
    type_coerce,
)

from shop.adapters.sql.catalogue.product_lists import (
    categories_of,
    images_of,
    read_categories,
    read_images,
)
from shop.adapters.sql.catalogue.product_rows import chosen_options, product_of
from shop.adapters.sql.schema.tables import inventories, products, variants
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters
from shop.adapters.sql.statements.writes import Fields
from shop.application.ports.repositories.products import AvailableProduct, ProductListing
from shop.domain.catalogue.variant import Variant
from shop.domain.shared.money import Currency, Money

_SHOWN = (
    products.c.sku,
    products.c.name,
    products.c.description,
    products.c.active,
    products.c.image_url,
    products.c.options,
    products.c.safety,
    products.c.seo,
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
    variants.c.image_url.label("copied_image"),
    inventories.c.on_hand,
    inventories.c.reserved,
)


def _with_variants(shown: FromClause, *others: ColumnElement[Any]) -> Select[Any]:
    """Select products with the variants that are not archived, one row for each variant."""
    return (
        select(
            *others,
            *(shown.c[each.name] for each in _SHOWN),
            *_OF_VARIANTS,
            _once(categories_of(shown)).label("categories"),
            _once(images_of(shown)).label("images"),
        )
        .join(variants, variants.c.product_handle == shown.c.sku)
        .join(inventories, inventories.c.sku == variants.c.sku)
        .where(variants.c.archived_at.is_(None))
    )


def _once(list_of: ColumnElement[Any]) -> ColumnElement[Any]:
    """Make a list of a product only for the row of its first variant."""
    return type_coerce(case((variants.c.position == literal_column("0"), list_of)), list_of.type)


WITH_STOCK = _with_variants(products).order_by(products.c.sku, variants.c.position)

POSITION, ACTIVE, ARCHIVED = "position", "active", "archived"
AFTER, NUMBER = "after", "number"
ASKED: Columns = (
    (POSITION, Integer()),
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


def asking(question: ProductListing) -> Fields:
    """Return a question as the values of parameters."""
    return {
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
        product=product_of(rows[0], map(_variant, rows), rows[0].copied_image),
        stock={row.variant_sku: row.on_hand - row.reserved for row in rows},
        categories=read_categories(rows[0].categories or ()),
        images=read_images(rows[0].sku, rows[0].images or ()),
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
