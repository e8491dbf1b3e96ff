"""Notifications of webhooks and customers."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, Uuid

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

# Empty unless there are endpoints or e-mails to customers.
notification_deliveries = Table(
    "notification_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_type", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_status_code", Integer),
    Column("last_error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    CheckConstraint(
        "(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_a_time"
    ),
    Index(None, "channel", "created_at", "id"),
    Index(None, "status", "created_at"),
)

# Only endpoints whose last request failed.
webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("url", ByteOrderedText, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("paused_until", UtcDateTime),
    Column("disabled_at", UtcDateTime),
)
