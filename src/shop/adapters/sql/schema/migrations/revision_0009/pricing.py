"""The tables of rules, of what they limit, and of what orders keep of them."""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.migrations.revision_0009.constraints import (
    CODE,
    primary_key,
    reference,
)


def create_pricing() -> None:
    """Create the tables and their indexes."""
    _create_rules()
    _create_promotions()
    _create_order_shares()


def _create_rules() -> None:
    op.create_table(
        "pricing_rules",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slug", CODE, nullable=False),
        sa.Column("document", JsonText(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("archived_at", UtcDateTime()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        primary_key("pricing_rules", "kind", "slug"),
        if_not_exists=True,
    )
    op.create_table(
        "rule_versions",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_rule_versions_one_row")),
        primary_key("rule_versions", "id"),
        if_not_exists=True,
    )
    op.execute("INSERT INTO rule_versions (id, version) VALUES (1, 0) ON CONFLICT DO NOTHING")


def _create_promotions() -> None:
    op.create_table(
        "promotion_counters",
        sa.Column("key", CODE, nullable=False),
        sa.Column("promotion", CODE, nullable=False),
        sa.Column("uses_left", sa.BigInteger()),
        sa.Column("uses", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "uses_left >= 0", name=op.f("ck_promotion_counters_uses_left_not_negative")
        ),
        primary_key("promotion_counters", "key"),
        if_not_exists=True,
    )
    op.create_table(
        "promotion_uses",
        sa.Column("promotion", CODE, nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("customer_key", CODE, nullable=False),
        sa.Column("n", sa.Integer()),
        sa.Column("code", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        primary_key("promotion_uses", "promotion", "order_id"),
        reference("promotion_uses", "order_id", "orders.id"),
        sa.UniqueConstraint(
            "promotion",
            "customer_key",
            "n",
            name="uq_promotion_uses_promotion_customer_key_n",
        ),
        if_not_exists=True,
    )
    for table, columns in (
        ("promotion_counters", ["promotion", "key"]),
        ("promotion_counters", ["promotion", "created_at"]),
        ("promotion_uses", ["order_id"]),
    ):
        name = "_".join(["ix", table, *columns])
        op.create_index(name, table, columns, if_not_exists=True)
    op.create_index(
        "ix_promotion_uses_promotion_code",
        "promotion_uses",
        ["promotion", "code"],
        postgresql_where=sa.text("code IS NOT NULL"),
        sqlite_where=sa.text("code IS NOT NULL"),
        if_not_exists=True,
    )


def _create_order_shares() -> None:
    op.create_table(
        "order_shares",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text()),
        sa.Column("code", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rate", sa.Integer()),
        sa.Column("reason", sa.Text()),
        sa.Column("base", sa.BigInteger()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("line_amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_order_shares_amount_not_negative")),
        sa.CheckConstraint("base >= 0", name=op.f("ck_order_shares_base_not_negative")),
        sa.CheckConstraint(
            "kind <> 'discount' OR amount <= line_amount",
            name=op.f("ck_order_shares_discount_of_line"),
        ),
        primary_key("order_shares", "order_id", "number", "position"),
        reference("order_shares", "order_id", "orders.id"),
        if_not_exists=True,
    )
