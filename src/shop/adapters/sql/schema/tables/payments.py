"""Payments, and what their gateway reports."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, Uuid

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

payments = Table(
    "payments",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("method", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Only for payments by card.
    Column("card_token", Text),
    Column("gateway_payment_id", Text),
    Column("expires_at", UtcDateTime),
    Column("session_id", Uuid),
    Column("clears_cart", Boolean),
)

gateway_events = Table(
    "gateway_events",
    metadata,
    Column("id", ByteOrderedText, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payment_id", Text),
    Column("reference", Uuid),
    # Null in rows from before events had jobs: those were handled when they were received.
    Column("job_subject_id", Uuid),
    Column("received_at", UtcDateTime, nullable=False),
    Index(None, "job_subject_id", unique=True),
)
