"""The uses of promotions in a relational database."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Table,
    and_,
    exists,
    select,
)

from shop.adapters.sql.schema.tables import orders, promotion_uses, users
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.row_parameters import ROWS, Columns, RowParameters
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    columns_of,
    delete_rows,
    insert_rows,
    update_rows,
)
from shop.application.ports.repositories.pricing.promotion_uses import PromotionUses
from shop.application.ports.unit_of_work import TransactionConflict
from shop.domain.orders.order import BOUGHT, OrderStatus
from shop.domain.pricing.promotions.promotion_uses import HeldUse, PromotionUse

BY_CODE = select(promotion_uses.c.code, promotion_uses.c.order_id)
_COUNTS = orders.c.status.in_(sorted(each.value for each in (OrderStatus.PENDING, *BOUGHT)))
WITH_ORDERS = select(users.c.id).where(exists().where(orders.c.user_id == users.c.id, _COUNTS))
EMAILS_WITH_ORDERS = select(orders.c.email_key).where(_COUNTS).distinct()

# Statements are cached by it, and no two objects of a type are equal.
_ABOVE: Columns = (("above", Integer()),)
_CUSTOMERS = columns_of(promotion_uses, ("promotion", "customer_key"))


class SqlPromotionUses(PromotionUses):
    """The table of uses."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._added: list[Fields] = []
        self._removed: list[Fields] = []
        self._highest: list[Fields] = []

    async def orders_by_code(self, promotion: str, codes: Collection[str]) -> Mapping[str, UUID]:
        """Return the order that has each code."""
        statement = BY_CODE.where(
            promotion_uses.c.promotion == promotion, promotion_uses.c.code.in_(codes)
        )
        rows = await self._connection.fetch_all(statement)
        return {row.code: row.order_id for row in rows}

    async def of_customers(
        self, promotions: Collection[str], customer_keys: Collection[str]
    ) -> Mapping[tuple[str, str], Sequence[HeldUse]]:
        """Return the uses of customers."""
        wanted = [
            {"promotion": promotion, "customer_key": key}
            for promotion in promotions
            for key in customer_keys
        ]
        row_parameters = self._connection.row_parameters
        rows = await self._connection.fetch_prepared(
            _held_by(row_parameters), row_parameters.bind_rows(_CUSTOMERS, ROWS, wanted)
        )
        held: defaultdict[tuple[str, str], list[HeldUse]] = defaultdict(list)
        for row in rows:
            held[(row.promotion, row.customer_key)].append(
                HeldUse(
                    order_id=row.order_id,
                    n=row.n,
                    code=row.code,
                    is_pending=row.status == OrderStatus.PENDING.value,
                )
            )
        return held

    async def customers_with_orders(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return those who have an order that counts."""
        rows = await self._connection.fetch_where_in(WITH_ORDERS, users.c.id, user_ids)
        return frozenset(row.id for row in rows)

    async def emails_with_orders(self, email_keys: Collection[str]) -> frozenset[str]:
        """Return those that stand on an order that counts."""
        rows = await self._connection.fetch_where_in(
            EMAILS_WITH_ORDERS, orders.c.email_key, email_keys
        )
        return frozenset(row.email_key for row in rows)

    def add(self, use: PromotionUse) -> None:
        """Stage a use."""
        self._connection.require_staging()
        if use.n is not None and not self._connection.holds_locks:
            raise TransactionConflict("the number of a use needs locks")
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

    def remove(self, promotion: str, order_id: UUID) -> None:
        """Stage the deletion of a use."""
        self._connection.require_staging()
        self._removed.append({"promotion": promotion, "order_id": order_id})

    def forget_numbers(self, promotion: str, above: int) -> None:
        """Stage that higher numbers are free again."""
        self._connection.require_staging()
        self._highest.append({"promotion": promotion, "n": None, "above": above})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from delete_rows(promotion_uses, self._removed)
        yield from insert_rows(promotion_uses, self._added)
        yield from update_rows(
            promotion_uses,
            ["promotion"],
            self._highest,
            only_if=_is_above,
            for_guard=_ABOVE,
        )


@cache
def _held_by(row_parameters: RowParameters) -> Select[Any]:
    wanted = row_parameters.rows_from(_CUSTOMERS, ROWS)
    is_wanted = (promotion_uses.c[name] == wanted.c[name] for name, _ in _CUSTOMERS)
    return (
        select(promotion_uses, orders.c.status)
        .join(wanted, and_(*is_wanted))
        .join(orders, orders.c.id == promotion_uses.c.order_id)
        .order_by(promotion_uses.c.created_at, promotion_uses.c.order_id)
    )


def _is_above(table: Table, rows: FromClause) -> ColumnElement[bool]:
    return table.c.n > rows.c.above
