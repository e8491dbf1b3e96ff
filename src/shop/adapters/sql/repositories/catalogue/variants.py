"""Variants in a relational database, with what they carry of their products."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, select

from shop.adapters.sql.catalogue.product_rows import chosen_options
from shop.adapters.sql.schema.tables import variants
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.repositories.catalogue.variants import Variants
from shop.domain.catalogue.variant import SoldVariant
from shop.domain.shared.money import Currency, Money

VARIANTS = select(
    variants.c.sku,
    variants.c.product_handle,
    variants.c.product_name,
    variants.c.options,
    variants.c.image_url,
    variants.c.price,
    variants.c.currency,
    variants.c.weight_grams,
    variants.c.tax_category,
    variants.c.ships,
    variants.c.for_sale,
).order_by(variants.c.sku)


class SqlVariants(Variants):
    """The table of variants."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    async def get_many(self, skus: Collection[str]) -> Mapping[str, SoldVariant]:
        """Return variants by SKU."""
        rows = await self._connection.fetch_where_in(VARIANTS, variants.c.sku, skus)
        return {row.sku: _sold_variant(row) for row in rows}


def _sold_variant(row: Row[Any]) -> SoldVariant:
    return SoldVariant(
        sku=row.sku,
        product=row.product_handle,
        name=row.product_name,
        options=chosen_options(row.options),
        image_url=row.image_url,
        price=Money(amount=row.price, currency=Currency(row.currency)),
        weight_grams=row.weight_grams,
        tax_category=row.tax_category,
        ships=row.ships,
        is_for_sale=row.for_sale,
    )
