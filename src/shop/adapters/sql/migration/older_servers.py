"""Fills what an older schema, or servers of an older release, leave unset.

They fit the new schema, whose new columns have defaults, but do not know what belongs there. It is
filled in short transactions, beside servers that sell, and each of them can be repeated.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy import Connection, bindparam, false, select, text, true, union, update

from shop.adapters.sql.engines.plans import ALLOW_ANY_PLAN
from shop.adapters.sql.migration.older_products import (
    PAGE,
    complete_changed,
    complete_products,
    find_unnumbered,
)
from shop.adapters.sql.repositories.users import search_text_of
from shop.adapters.sql.schema.tables import orders, refunds, shipment_events, users

T = TypeVar("T")

_FULFILLED = union(select(shipment_events.c.order_id), select(refunds.c.order_id))
_MARK_FULFILLED = (
    update(orders)
    .where(orders.c.has_fulfilment == false(), orders.c.id.in_(_FULFILLED.scalar_subquery()))
    .values(has_fulfilment=true())
)
_UNSEARCHABLE = select(users.c.id, users.c.email, users.c.name).where(users.c.search_text == "")
_FILL_SEARCH_TEXT = (
    update(users)
    .where(users.c.id == bindparam("user_id"))
    .values(search_text=bindparam("new_search_text"))
)
_ANALYSE = text("ANALYZE products, variants, price_changes, product_texts")


class Transact(Protocol):
    """Does work in a transaction of its own, which no other migration enters meanwhile."""

    def __call__(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """Return what the work returns, once it is committed."""


async def fill_unset_columns(transact: Transact, *, is_embedded: bool) -> None:
    """Mark fulfilled orders, make users searchable, and complete products."""
    await transact(_fill_orders_and_users)
    is_any = False
    while handles := await transact(find_unnumbered):
        is_any = True
        for start in range(0, len(handles), PAGE):
            await transact(partial(complete_products, handles[start : start + PAGE]))
    if is_embedded and not is_any:
        # A file's servers are stopped before an upgrade, and each start would read all products.
        return
    after: str | None = ""
    while after is not None:
        after = await transact(partial(complete_changed, after))
    if is_any and not is_embedded:
        # Without statistics, the first groups of orders would be planned as scans.
        await transact(lambda connection: connection.execute(_ANALYSE))


def _fill_orders_and_users(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(ALLOW_ANY_PLAN)
    connection.execute(_MARK_FULFILLED)
    for user in connection.execute(_UNSEARCHABLE).all():
        search_text = search_text_of(user.email, user.name)
        connection.execute(_FILL_SEARCH_TEXT, {"user_id": user.id, "new_search_text": search_text})
