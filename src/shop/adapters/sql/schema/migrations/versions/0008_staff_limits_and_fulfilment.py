"""What staff, limits, fulfilled orders and failing endpoints need.

Every step can be run again: a second attempt passes over what the first has made.
"""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import UtcDateTime

revision = "0008"
down_revision = "0007"

_BYTE_ORDERED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_USERS = sa.table(
    "users",
    sa.column("id", sa.Uuid()),
    sa.column("name", sa.Text()),
    sa.column("email", sa.Text()),
    sa.column("search_text", sa.Text()),
)
_ROWS_AT_ONCE = 1000


def upgrade() -> None:
    """Add the tables, columns and indexes, and fill the columns."""
    _add_search_text()
    _add_rate_limits()
    _add_endpoints()
    _add_fulfilment()


def _add_search_text() -> None:
    connection = op.get_bind()
    existing = {column["name"] for column in sa.inspect(connection).get_columns("users")}
    if "search_text" not in existing:
        op.add_column(
            "users", sa.Column("search_text", sa.Text(), nullable=False, server_default="")
        )
    op.create_index("ix_users_created_at_id", "users", ["created_at", "id"], if_not_exists=True)
    missing = (
        sa.select(_USERS.c.id, _USERS.c.name, _USERS.c.email)
        .where(_USERS.c.search_text == "")
        .limit(_ROWS_AT_ONCE)
    )
    fill = (
        sa.update(_USERS)
        .where(_USERS.c.id == sa.bindparam("user_id"))
        .values(search_text=sa.bindparam("text"))
    )
    while rows := connection.execute(missing).all():
        texts = [{"user_id": row.id, "text": f"{row.email}\n{row.name}".casefold()} for row in rows]
        if connection.dialect.name == "sqlite":
            # The connection runs one statement at a time, without a way to a server.
            for each in texts:
                connection.execute(fill, each)
        else:
            connection.execute(fill, texts)


def _add_rate_limits() -> None:
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rate_limits"),
        sa.CheckConstraint("hits >= 0", name=op.f("ck_rate_limits_hits_not_negative")),
        if_not_exists=True,
    )
    op.create_index("ix_rate_limits_expires_at", "rate_limits", ["expires_at"], if_not_exists=True)
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_orders_user_id_pending",
        "orders",
        ["user_id"],
        if_not_exists=True,
        postgresql_where=pending,
        sqlite_where=pending,
    )


def _add_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("url", _BYTE_ORDERED_TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("url", name="pk_webhook_endpoints"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_deposits_user_id_created_at_id",
        "deposits",
        ["user_id", "created_at", "id"],
        if_not_exists=True,
    )


def _add_fulfilment() -> None:
    existing = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("orders")}
    if "has_fulfilment" not in existing:
        op.add_column(
            "orders",
            sa.Column("has_fulfilment", sa.Boolean(), nullable=False, server_default=sa.false()),
        )
    orders = sa.table("orders", sa.column("id", sa.Uuid()), sa.column("has_fulfilment"))
    events = sa.table("shipment_events", sa.column("order_id", sa.Uuid()))
    refunds = sa.table("refunds", sa.column("order_id", sa.Uuid()))
    fulfilled = sa.union(sa.select(events.c.order_id), sa.select(refunds.c.order_id))
    op.execute(
        sa.update(orders)
        .where(orders.c.id.in_(fulfilled.scalar_subquery()))
        .values(has_fulfilment=sa.true())
    )
