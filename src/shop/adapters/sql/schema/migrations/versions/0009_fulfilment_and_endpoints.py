"""Orders say whether any of them was shipped or refunded, and endpoints whether they answer.

Every step can be run again: a second attempt passes over what the first has made.
"""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import UtcDateTime

revision = "0009"
down_revision = "0008"

_BYTE_ORDERED_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the table, an index for lists of deposits, and the column, and fill it."""
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
