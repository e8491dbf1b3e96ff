"""Users and their sessions."""

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
    UniqueConstraint("token_hash"),
    Index(None, "user_id", "created_at", "id"),
)
