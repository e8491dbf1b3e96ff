"""The tables of what belongs to customers: groups, carts and addresses."""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.migrations.revision_0009.constraints import (
    CODE,
    primary_key,
    reference,
)


def create_customers() -> None:
    """Create the tables and their indexes."""
    op.create_table(
        "user_groups",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        primary_key("user_groups", "user_id", "name"),
        reference("user_groups", "user_id", "users.id"),
        if_not_exists=True,
    )
    op.create_table(
        "customer_carts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("lines", JsonText(), nullable=False),
        sa.Column("checkout", JsonText(), nullable=False, server_default="{}"),
        sa.Column("version", sa.Integer(), nullable=False),
        primary_key("customer_carts", "user_id"),
        reference("customer_carts", "user_id", "users.id"),
        if_not_exists=True,
    )
    op.create_table(
        "addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        primary_key("addresses", "id"),
        reference("addresses", "user_id", "users.id"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_addresses_user_id_created_at",
        "addresses",
        ["user_id", "created_at"],
        if_not_exists=True,
    )
