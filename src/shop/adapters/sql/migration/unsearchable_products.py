"""Makes products searchable that a server of an older release, or an older schema, has left.

Their number is that of `products`, which the fill of variants has given them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select

from shop.adapters.sql.catalogue.product_rows import (
    PRODUCTS,
    VARIANTS_OF_PRODUCTS,
    product_of,
    variant_of,
)
from shop.adapters.sql.schema.tables import (
    product_categories,
    product_texts,
    products,
    variants,
)
from shop.domain.catalogue.search_terms import SearchedProduct, search_tokens
from shop.domain.catalogue.variant import Variant

PAGE = 500

_HANDLES: BindParameter[Sequence[str]] = bindparam("handles", expanding=True)

_UNSEARCHABLE = (
    PRODUCTS.outerjoin_from(
        products, product_texts, product_texts.c.product_handle == products.c.sku
    )
    .where(product_texts.c.product_handle.is_(None), products.c.search_id.is_not(None))
    .order_by(None)
    .order_by(products.c.search_id)
    .limit(PAGE)
)

_VARIANTS = VARIANTS_OF_PRODUCTS.where(variants.c.product_handle.in_(_HANDLES))
_MEMBERS = select(product_categories).where(product_categories.c.product_handle.in_(_HANDLES))
_REMOVE = delete(product_texts).where(product_texts.c.product_handle.in_(_HANDLES))


def fill_product_texts(connection: Connection, changed: Sequence[str]) -> None:
    """Add the missing search rows, and write those of changed products again, in pages."""
    for start in range(0, len(changed), PAGE):
        connection.execute(_REMOVE, {"handles": changed[start : start + PAGE]})
    while rows := connection.execute(_UNSEARCHABLE).all():
        texts = [
            {
                "search_id": row.search_id,
                "product_handle": row.sku,
                "tokens": " ".join(search_tokens(searched)),
            }
            for row, searched in _searched(connection, rows)
        ]
        connection.execute(insert(product_texts).values(texts))


def _searched(connection: Connection, rows: Sequence[Any]) -> Iterator[tuple[Any, SearchedProduct]]:
    handles = {"handles": [row.sku for row in rows]}
    its_variants: dict[str, list[Variant]] = {row.sku: [] for row in rows}
    for each in connection.execute(_VARIANTS, handles):
        its_variants[each.product_handle].append(variant_of(each))
    slugs: dict[str, list[str]] = {row.sku: [] for row in rows}
    for each in connection.execute(_MEMBERS, handles):
        slugs[each.product_handle].append(each.category_slug)
    for row in rows:
        product = product_of(row, its_variants[row.sku])
        yield row, SearchedProduct.of(product, tuple(slugs[row.sku]))
