"""Fills the columns that servers of an older release leave unset during a rolling upgrade.

They fit the new schema, whose new columns have defaults, but do not know what belongs there.
"""

from sqlalchemy import Connection, bindparam, false, select, true, union, update

from shop.adapters.sql.migration.older_products import fill_variants
from shop.adapters.sql.migration.unsearchable_products import fill_product_texts
from shop.adapters.sql.repositories.users import search_text_of
from shop.adapters.sql.schema.tables import orders, refunds, shipment_events, users

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


def fill_unset_columns(connection: Connection) -> None:
    """Mark fulfilled orders, make users and products searchable, and give products variants."""
    connection.execute(_MARK_FULFILLED)
    for user in connection.execute(_UNSEARCHABLE).all():
        search_text = search_text_of(user.email, user.name)
        connection.execute(_FILL_SEARCH_TEXT, {"user_id": user.id, "new_search_text": search_text})
    fill_product_texts(connection, changed=fill_variants(connection))
