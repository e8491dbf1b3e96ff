"""Writes the search rows of products that a server of an older release, or schema, has left."""

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

_HANDLES: BindParameter[Sequence[str]] = bindparam("handles", expanding=True)

_PRODUCTS = PRODUCTS.where(products.c.sku.in_(_HANDLES))
_VARIANTS = VARIANTS_OF_PRODUCTS.where(variants.c.product_handle.in_(_HANDLES))
_MEMBERS = select(product_categories).where(product_categories.c.product_handle.in_(_HANDLES))
_REMOVE = delete(product_texts).where(product_texts.c.product_handle.in_(_HANDLES))


def write_product_texts(handles: Sequence[str], connection: Connection) -> None:
    """Write the search rows of numbered products again."""
    connection.execute(_REMOVE, {"handles": handles})
    texts = [
        {
            "search_id": row.search_id,
            "product_handle": row.sku,
            "tokens": " ".join(search_tokens(searched)),
        }
        for row, searched in _searched(handles, connection)
    ]
    connection.execute(insert(product_texts).values(texts))


def _searched(
    handles: Sequence[str], connection: Connection
) -> Iterator[tuple[Any, SearchedProduct]]:
    page = {"handles": handles}
    its_variants: dict[str, list[Variant]] = {handle: [] for handle in handles}
    for each in connection.execute(_VARIANTS, page):
        its_variants[each.product_handle].append(variant_of(each))
    slugs: dict[str, list[str]] = {handle: [] for handle in handles}
    for each in connection.execute(_MEMBERS, page):
        slugs[each.product_handle].append(each.category_slug)
    for row in connection.execute(_PRODUCTS, page):
        product = product_of(row, its_variants[row.sku])
        yield row, SearchedProduct.of(product, tuple(slugs[row.sku]))
