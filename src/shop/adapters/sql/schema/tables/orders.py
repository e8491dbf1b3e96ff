"""Orders, and what becomes of them."""

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
    UniqueConstraint,
    Uuid,
    false,
    text,
)

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
from shop.adapters.sql.schema.tables.metadata import ByteOrderedText, metadata

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("idempotency_key", ByteOrderedText, nullable=False),
    Column("status", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("payment_method", Text, nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    # Without it, each reader of an order would have to look for shipments and refunds.
    Column("has_fulfilment", Boolean, nullable=False, server_default=false()),
    # Null in orders that need none, and in those from before.
    Column("email", Text),
    Column("email_key", ByteOrderedText),
    Column("shipping_address", JsonText),
    Column("billing_address", JsonText),
    Column("shipping_method", Text),
    Column("shipping_name", Text),
    Column("shipping_price", BigInteger),
    Column("prices_include_tax", Boolean),
    # Without it, each reader of an order would have to look for discounts and taxes.
    Column("has_shares", Boolean, nullable=False, server_default=false()),
    CheckConstraint("shipping_price >= 0", name="shipping_price_not_negative"),
    UniqueConstraint("number"),
    UniqueConstraint("user_id", "idempotency_key"),
    Index(None, "user_id", "placed_at", "id"),
    Index(None, "placed_at", "id"),
    # Few orders are pending, and those paid from accounts never are.
    Index(
        "ix_orders_user_id_pending",
        "user_id",
        postgresql_where=text("status = 'pending'"),
        sqlite_where=text("status = 'pending'"),
    ),
    Index(
        "ix_orders_email_key_placed_at",
        "email_key",
        "placed_at",
        postgresql_where=text("email_key IS NOT NULL"),
        sqlite_where=text("email_key IS NOT NULL"),
    ),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sku", ByteOrderedText, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    # Copies of what the product was; null in orders from before.
    Column("product", ByteOrderedText),
    Column("options", JsonText),
    Column("image", Text),
    Column("discount", BigInteger, nullable=False, server_default="0"),
    Column("tax", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("discount BETWEEN 0 AND quantity * unit_price", name="discount_of_line"),
    CheckConstraint("tax >= 0", name="tax_not_negative"),
)

# What each discount and tax is of each line. `number` counts the discounts and taxes of an order;
# position -1 is shipping.
order_shares = Table(
    "order_shares",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("slug", Text),
    Column("code", Text),
    Column("name", Text, nullable=False),
    Column("rate", Integer),
    Column("reason", Text),
    Column("base", BigInteger),
    Column("amount", BigInteger, nullable=False),
    Column("line_amount", BigInteger, nullable=False),
    CheckConstraint("amount >= 0", name="amount_not_negative"),
    CheckConstraint("base >= 0", name="base_not_negative"),
    CheckConstraint("kind <> 'discount' OR amount <= line_amount", name="discount_of_line"),
)

order_events = Table(
    "order_events",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

shipment_events = Table(
    "shipment_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "order_id"),
)

shipment_event_lines = Table(
    "shipment_event_lines",
    metadata,
    Column("shipment_event_id", Uuid, ForeignKey("shipment_events.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sku", ByteOrderedText, nullable=False),
    Column("quantity", Integer, nullable=False),
    CheckConstraint("quantity > 0", name="quantity_positive"),
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, ForeignKey("orders.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("restocked", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("gateway_response", Text),
    Column("actor", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("shipping_amount", BigInteger, nullable=False, server_default="0"),
    Column("tax", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("amount > 0", name="amount_positive"),
    UniqueConstraint("order_id", "number"),
)

refund_lines = Table(
    "refund_lines",
    metadata,
    Column("refund_id", Uuid, ForeignKey("refunds.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sku", ByteOrderedText, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("cancelled_quantity", Integer, nullable=False),
    # Null in refunds from before.
    Column("amount", BigInteger),
    Column("tax", BigInteger),
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("cancelled_quantity BETWEEN 0 AND quantity", name="cancelled_of_refunded"),
)
