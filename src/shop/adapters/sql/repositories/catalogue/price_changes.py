"""The history of prices in a relational database."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from uuid_utils.compat import uuid7

from shop.adapters.sql.schema.tables import price_changes, variants
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows
from shop.application.ports.repositories.catalogue.price_changes import PriceChanges
from shop.domain.catalogue.price_history import PriceChange
from shop.domain.shared.money import Currency, Money

CHANGES = (
    select(
        price_changes.c.sku, price_changes.c.price, variants.c.currency, price_changes.c.created_at
    )
    .join(variants, variants.c.sku == price_changes.c.sku)
    .order_by(price_changes.c.created_at, price_changes.c.id)
)


class SqlPriceChanges(PriceChanges):
    """The table of the prices of variants."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: list[Fields] = []

    async def of_variant(self, sku: str) -> Sequence[PriceChange]:
        """Return the prices of a variant."""
        rows = await self._connection.fetch_where_in(CHANGES, price_changes.c.sku, [sku])
        return [
            PriceChange(
                sku=row.sku,
                price=Money(amount=row.price, currency=Currency(row.currency)),
                at=row.created_at,
            )
            for row in rows
        ]

    def add(self, change: PriceChange) -> None:
        """Stage a price."""
        self._connection.require_staging()
        self._added.append(
            {
                # In the order of their commits, which decides among prices of one time.
                "id": uuid7(),
                "sku": change.sku,
                "price": change.price.amount,
                "created_at": change.at,
            }
        )

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from insert_rows(price_changes, self._added)
