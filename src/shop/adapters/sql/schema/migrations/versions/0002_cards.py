"""Add card payments, jobs and gateway events.

Every step can be run again: a second attempt skips what the first has created.
"""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import UtcDateTime

revision = "0002"
down_revision = "0001"

PLAIN = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add card columns to payments; create the tables of jobs and gateway events."""
    existing = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("payments")}
    for column in (
        sa.Column("card_token", sa.Text(), nullable=True),
        sa.Column("gateway_id", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("empties_cart", sa.Boolean(), nullable=True),
    ):
        if column.name not in existing:
            op.add_column("payments", column)
    op.create_table(
        "deposits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", PLAIN, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("card_token", sa.Text(), nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deposits"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_deposits_user_id_users"),
        sa.UniqueConstraint(
            "user_id", "idempotency_key", name="uq_deposits_user_id_idempotency_key"
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_deposits_amount_positive")),
        if_not_exists=True,
    )
    op.create_table(
        "jobs",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("is_dead", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "kind", name="pk_jobs"),
        if_not_exists=True,
    )
    op.create_table(
        "notices",
        sa.Column("id", PLAIN, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_deposits_created_at_id", "deposits", ["created_at", "id"], if_not_exists=True
    )
    op.create_index(
        "ix_jobs_kind_is_dead_due_at", "jobs", ["kind", "is_dead", "due_at"], if_not_exists=True
    )
