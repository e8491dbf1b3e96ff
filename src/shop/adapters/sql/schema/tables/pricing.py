"""The rules of prices, and the uses of what they limit."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

# Tax rates, shipping zones, shipping methods and promotions.
pricing_rules = Table(
    "pricing_rules",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("slug", ByteOrderedText, primary_key=True),
    Column("document", JsonText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("archived_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# One row, which every change of a rule counts up: a process reads the rules when it has changed.
rule_versions = Table(
    "rule_versions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Promotions ("p:" and the slug) and codes ("c:" and the code); null is without a limit. Orders take
# uses of promotions without a limit from parts ("p:", the slug, ":" and a number). A promotion is
# used as often as its row and its parts say together; a row alone can be below 0.
promotion_counters = Table(
    "promotion_counters",
    metadata,
    Column("key", ByteOrderedText, primary_key=True),
    Column("promotion", ByteOrderedText, nullable=False),
    Column("uses_left", BigInteger),
    Column("uses", BigInteger, nullable=False, server_default="0"),
    # Staff have saved it with this version of the rules.
    Column("rules_version", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("uses_left >= 0", name="uses_left_not_negative"),
    # Pages of codes, and those that were made together.
    Index(None, "promotion", "key"),
    Index(None, "promotion", "created_at"),
)

# `n` counts the uses of one customer, where those are limited.
promotion_uses = Table(
    "promotion_uses",
    metadata,
    Column("promotion", ByteOrderedText, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("customer_key", ByteOrderedText, nullable=False),
    Column("n", Integer),
    Column("code", Text),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("promotion", "customer_key", "n"),
    Index(None, "order_id"),
    # Automatic promotions have no code.
    Index(
        "ix_promotion_uses_promotion_code",
        "promotion",
        "code",
        postgresql_where=text("code IS NOT NULL"),
        sqlite_where=text("code IS NOT NULL"),
    ),
)
