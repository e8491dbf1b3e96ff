"""Add notification deliveries.

Every step can be run again: a second attempt skips what the first has created.
"""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table of notification deliveries."""
    op.create_table(
        "dispatches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_status_code", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)",
            name=op.f("ck_dispatches_delivered_has_a_time"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_dispatches"),
        if_not_exists=True,
    )
    for name, columns in (
        ("ix_dispatches_channel_created_at_id", ["channel", "created_at", "id"]),
        ("ix_dispatches_status_created_at", ["status", "created_at"]),
    ):
        op.create_index(name, "dispatches", columns, if_not_exists=True)
