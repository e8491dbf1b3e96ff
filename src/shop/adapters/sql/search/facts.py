"""Counts numbered products by price, category and option, in the database."""

from functools import cache
from typing import Any

from sqlalchemy import Select, Text, func, literal_column, select, true, type_coerce

from shop.adapters.sql.catalogue.product_lists import JsonLists
from shop.adapters.sql.schema.tables import product_categories, products, variants
from shop.adapters.sql.search.rows import Shape, passes
from shop.adapters.sql.statements.row_parameters import RowParameters
from shop.application.ports.repositories.catalogue.product_searches import (
    MAX_COUNTED_VARIANTS,
    MAX_OPTION_VALUES_COUNTED,
)


@cache
def select_prices(row_parameters: RowParameters, shape: Shape) -> Select[Any]:
    """Count the numbered products that pass the filters by their lowest price."""
    return (
        select(products.c.min_price, func.count().label("number"))
        .where(row_parameters.is_in(products.c.search_id), passes(shape))
        .group_by(products.c.min_price)
        .order_by(products.c.min_price)
    )


@cache
def select_categories(row_parameters: RowParameters, shape: Shape) -> Select[Any]:
    """Count the numbered products that pass the filters by the categories they are in.

    The same categories may be in several rows, in another order.
    """
    slugs = (
        select(JsonLists(product_categories.c.category_slug).label("slugs"))
        .select_from(products)
        .join(product_categories, product_categories.c.product_handle == products.c.sku)
        .where(row_parameters.is_in(products.c.search_id), passes(shape))
        .group_by(products.c.sku)
        .subquery("of_products")
    )
    return select(slugs.c.slugs, func.count().label("number")).group_by(slugs.c.slugs)


@cache
def select_options(row_parameters: RowParameters, shape: Shape) -> Select[Any]:
    """Count the numbered products that pass the filters by the options of variants on sale.

    Each row has the number of variants that were seen.
    """
    sold = (
        select(variants.c.product_handle, variants.c.options)
        .select_from(products)
        .join(variants, variants.c.product_handle == products.c.sku)
        .where(
            row_parameters.is_in(products.c.search_id),
            passes(shape),
            variants.c.for_sale == true(),
            type_coerce(variants.c.options, Text()) != literal_column("'{}'"),
        )
        .limit(literal_column(str(MAX_COUNTED_VARIANTS + 1)))
        .cte("sold")
    )
    chosen = row_parameters.members_of(sold.c.options)
    number = func.count(sold.c.product_handle.distinct())
    seen = select(func.count()).select_from(sold).scalar_subquery()
    return (
        select(chosen.c.key, chosen.c.value, number.label("number"), seen.label("seen"))
        .select_from(sold)
        .join(chosen, true())
        .group_by(chosen.c.key, chosen.c.value)
        .order_by(number.desc(), chosen.c.key, chosen.c.value)
        .limit(literal_column(str(MAX_OPTION_VALUES_COUNTED)))
    )
