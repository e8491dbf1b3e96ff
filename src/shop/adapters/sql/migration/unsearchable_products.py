"""Makes products searchable that a server of an older release, or an older schema, has left.

Their number is that of `products`, which the fill of variants has given them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from shop.adapters.sql.repositories.catalogue.categories import CATEGORIES, tree_of
from shop.adapters.sql.schema.tables import (
    product_categories,
    product_texts,
    products,
)
from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.search_terms import SaleState, SearchedProduct, search_tokens

PAGE = 500

_UNSEARCHABLE = (
    select(
        products.c.search_id,
        products.c.sku,
        products.c.name,
        products.c.description,
        products.c.active,
        products.c.archived_at,
    )
    .outerjoin(product_texts, product_texts.c.product_handle == products.c.sku)
    .where(product_texts.c.product_handle.is_(None), products.c.search_id.is_not(None))
    .order_by(products.c.search_id)
    .limit(PAGE)
)

_MEMBERS = select(product_categories).where(
    product_categories.c.product_handle.in_(bindparam("handles", expanding=True))
)


def fill_product_texts(connection: Connection) -> None:
    """Add the missing search rows, a page at a time."""
    tree: CategoryTree | None = None
    while rows := connection.execute(_UNSEARCHABLE).all():
        if tree is None:
            tree = tree_of(tuple(map(tuple, connection.execute(CATEGORIES))))
        handles = [row.sku for row in rows]
        members = connection.execute(_MEMBERS, {"handles": handles}).all()
        connection.execute(
            insert(product_texts).values(
                [
                    {
                        "search_id": row.search_id,
                        "product_handle": row.sku,
                        "tokens": " ".join(search_tokens(_searched(row, members, tree))),
                    }
                    for row in rows
                ]
            )
        )


def _searched(
    row: Row[*tuple[Any, ...]], members: Sequence[Row[Any]], tree: CategoryTree
) -> SearchedProduct:
    state = SaleState.ON_SALE if row.active else SaleState.OFF_SALE
    slugs = [each.category_slug for each in members if each.product_handle == row.sku]
    return SearchedProduct(
        name=row.name,
        skus=(row.sku,),
        description=row.description,
        state=state if row.archived_at is None else SaleState.ARCHIVED,
        categories=tree.paths(slugs),
    )
