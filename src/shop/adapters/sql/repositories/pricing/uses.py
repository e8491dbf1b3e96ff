"""The uses of promotions in a relational database."""

from collections.abc import Collection, Iterator, Mapping
from uuid import UUID

from sqlalchemy import func, select

from shop.adapters.sql.schema.tables import promotion_uses
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.writes import Fields, PendingWrite, insert_rows
from shop.application.ports.repositories.pricing.uses import Uses
from shop.domain.pricing.promotions.promotion_uses import PromotionUse

COUNTS = select(promotion_uses.c.promotion, func.count().label("uses")).group_by(
    promotion_uses.c.promotion
)
BY_CODE = select(promotion_uses.c.code, promotion_uses.c.order_id)


class SqlUses(Uses):
    """The table of uses."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: list[Fields] = []

    async def counts(self, promotions: Collection[str]) -> Mapping[str, int]:
        """Return how many orders have each promotion."""
        rows = await self._connection.fetch_where_in(COUNTS, promotion_uses.c.promotion, promotions)
        found = {row.promotion: row.uses for row in rows}
        return {each: found.get(each, 0) for each in promotions}

    async def orders_by_code(self, promotion: str, codes: Collection[str]) -> Mapping[str, UUID]:
        """Return the order that has each code."""
        statement = BY_CODE.where(
            promotion_uses.c.promotion == promotion, promotion_uses.c.code.in_(codes)
        )
        rows = await self._connection.fetch_all(statement)
        return {row.code: row.order_id for row in rows}

    def add(self, use: PromotionUse) -> None:
        """Stage a use."""
        self._connection.require_staging()
        self._added.append(
            {
                "promotion": use.promotion,
                "order_id": use.order_id,
                "customer_key": use.customer_key,
                "n": use.n,
                "code": use.code,
                "created_at": use.created_at,
            }
        )

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        return insert_rows(promotion_uses, self._added)
