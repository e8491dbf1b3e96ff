"""Users, their sessions, and what else is theirs."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)

from shop.adapters.sql.schema.column_types import JsonText, RoleSet, UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", ByteOrderedText, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", RoleSet, nullable=False),
    Column("enabled", Boolean, nullable=False),
    # E-mail address and name, case-folded here because the engines fold differently.
    Column("search_text", Text, nullable=False, server_default=""),
    Column("created_at", UtcDateTime, nullable=False),
    # A guest has no password, and the e-mail address stands on the order.
    Column("is_guest", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("email"),
    Index(None, "created_at", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token_hash", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id")),
    Column("roles", RoleSet, nullable=False),
    Column("signed_in_at", UtcDateTime),
    Column("preferences", JsonText, nullable=False),
    Column("cart", JsonText, nullable=False),
    Column("last_order_id", Uuid),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    # What a visitor entered beside the lines; customers have theirs in `customer_carts`.
    Column("checkout", JsonText, nullable=False, server_default="{}"),
    # The guest who ordered in this session.
    Column("guest_id", Uuid, ForeignKey("users.id")),
    UniqueConstraint("token_hash"),
    Index(None, "user_id", "created_at", "id"),
    # Few sessions have a guest; without it, each guest that is deleted would read them all.
    Index(
        "ix_sessions_guest_id",
        "guest_id",
        postgresql_where=text("guest_id IS NOT NULL"),
        sqlite_where=text("guest_id IS NOT NULL"),
    ),
)

user_groups = Table(
    "user_groups",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("name", ByteOrderedText, primary_key=True),
)

# Customers' carts, which all their sessions share.
customer_carts = Table(
    "customer_carts",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("lines", JsonText, nullable=False),
    Column("checkout", JsonText, nullable=False, server_default="{}"),
    Column("version", Integer, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("document", JsonText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "user_id", "created_at"),
)
