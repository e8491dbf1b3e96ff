"""Counts what customers have begun by card."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from shop.adapters.sql.schema.tables import deposits, orders
from shop.adapters.sql.statements.row_parameters import RowParameters
from shop.domain.payment import PaymentStatus

PENDING, DECLINED = PaymentStatus.PENDING, PaymentStatus.DECLINED
"""Orders and deposits have these statuses too, under the same names."""

DECLINED_SINCE = "declined_since"
"""The parameter with the time since which declined attempts count."""


@cache
def card_use_of(row_parameters: RowParameters) -> Select[Any]:
    """Build the statement that counts the attempts of users who are a parameter."""
    since = bindparam(DECLINED_SINCE, type_=orders.c.placed_at.type)
    return select_card_use(row_parameters.is_in, since)


def select_card_use(
    is_wanted: Callable[[Column[Any]], ColumnElement[bool]], since: ColumnElement[Any]
) -> Select[Any]:
    """Build the statement that counts the attempts of the users with a condition."""
    # One part for each index: an OR over them would scan all orders of a customer.
    attempts = union_all(
        *(
            select(
                table.c.user_id,
                at.label("at"),
                literal_column(str(int(table is orders and status is PENDING))).label("is_pending"),
            ).where(
                is_wanted(table.c.user_id),
                # Not a parameter: the index of pending orders has this constant in its condition.
                table.c.status == literal_column(f"'{status.value}'"),
                *more,
            )
            for table, at, status, more in (
                (orders, orders.c.placed_at, PENDING, ()),
                (orders, orders.c.placed_at, DECLINED, (orders.c.placed_at >= since,)),
                (deposits, deposits.c.created_at, PENDING, ()),
                (deposits, deposits.c.created_at, DECLINED, (deposits.c.created_at >= since,)),
            )
        )
    ).subquery()
    return select(
        attempts.c.user_id,
        func.count().label("attempts"),
        func.sum(attempts.c.is_pending).label("pending_orders"),
        func.min(attempts.c.at).label("first_attempt_at"),
    ).group_by(attempts.c.user_id)
