"""The query that finds a page of orders."""

from typing import Any

from sqlalchemy import Select, func, select, union

from shop.adapters.sql.schema.tables import order_lines, orders, users
from shop.adapters.sql.statements.paging import newest_first
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.orders import OrderFilter
from shop.domain.orders.order_number import to_order_number

_LAST_CHARACTER = "\U0010ffff"


def select_order_ids(order_filter: OrderFilter, page: PageRequest[TimeCursor]) -> Select[Any]:
    """Select the ids of a page of orders and one more, newest first."""
    found = _filtered(order_filter)
    if not order_filter.words:
        return newest_first(found, orders.c.placed_at, orders.c.id, page)
    # With OR, a database would read all orders: it uses an index for each way to find them.
    pages = union(
        *(
            select(newest_first(each, orders.c.placed_at, orders.c.id, page).subquery())
            for each in _with_words(found, order_filter.words)
        )
    ).subquery()
    return newest_first(select(pages), pages.c.placed_at, pages.c.id, page)


def _filtered(order_filter: OrderFilter) -> Select[Any]:
    statement = select(orders.c.id, orders.c.placed_at)
    if order_filter.user_id is not None:
        statement = statement.where(orders.c.user_id == order_filter.user_id)
    if order_filter.status is not None:
        statement = statement.where(orders.c.status == order_filter.status.value)
    if order_filter.placed_after is not None:
        statement = statement.where(orders.c.placed_at > order_filter.placed_after)
    if order_filter.placed_before is not None:
        statement = statement.where(orders.c.placed_at < order_filter.placed_before)
    return statement


def _with_words(statement: Select[Any], words: str) -> tuple[Select[Any], ...]:
    """Return the query for each thing that the words may be."""
    lower = words.lower()
    customers = select(users.c.id).where(
        users.c.email >= lower, users.c.email < lower + _LAST_CHARACTER
    )
    folded = words.casefold()
    email_key = orders.c.email_key
    # No index on SKUs: each order would have to maintain it, for a list that only staff read.
    with_sku = select(order_lines.c.order_id).where(func.lower(order_lines.c.sku) == lower)
    return (
        statement.where(orders.c.number == to_order_number(words)),
        statement.where(orders.c.user_id.in_(customers)),
        statement.where(email_key >= folded, email_key < folded + _LAST_CHARACTER),
        statement.where(orders.c.id.in_(with_sku)),
    )
