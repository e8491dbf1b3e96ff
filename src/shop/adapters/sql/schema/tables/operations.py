"""What keeps the shop running: jobs, keys of requests, and limits."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
)

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

jobs = Table(
    "jobs",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("is_dead", Boolean, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    # By kind, so that a backlog of one kind does not slow down the others.
    Index(None, "kind", "is_dead", "due_at"),
)

# Without reference and rejection, the request has no outcome yet.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("user_id", Uuid, ForeignKey("users.id"), primary_key=True),
    Column("key", ByteOrderedText, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("reference", Uuid),
    Column("rejection", JsonText),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("reference IS NULL OR rejection IS NULL", name="one_outcome"),
)

# The hits of rate limits; a key is the keyed hash of a limit and its subject.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("key", Text, primary_key=True),
    Column("hits", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    CheckConstraint("hits >= 0", name="hits_not_negative"),
    Index(None, "expires_at"),
)
