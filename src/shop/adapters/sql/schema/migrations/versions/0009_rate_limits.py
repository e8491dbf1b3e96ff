"""Hits of rate limits, and an index of the pending orders of each customer.

Every step can be run again: a second attempt passes over what the first has made.
"""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import UtcDateTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table and the indexes."""
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
