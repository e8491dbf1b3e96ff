"""The tables of the shop, in the current schema version."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    text,
)

from shop.adapters.sql.schema.column_types import JsonText, RoleSet, UtcDateTime

SCHEMA_VERSION = "0008"
"""The newest migration, which results in the tables below."""

RESTORING = "restoring"
"""Stands for the version while a backup is restored, so that no shop opens the database."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)

# Sorted by bytes on both engines, whatever the database's collation is.
ByteOrderedText = Text().with_variant(Text(collation="C"), "postgresql")

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

# The shop's own accounts have no user and no balance, which every order would update (decision 7).
accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id")),
    Column("currency", Text, nullable=False),
    Column("balance", BigInteger),
    Column("minimum_balance", BigInteger),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "currency"),
    CheckConstraint("balance >= minimum_balance", name="balance_not_below_limit"),
    CheckConstraint(
        "(kind = 'customer') = (user_id IS NOT NULL)"
        " AND (kind = 'customer') = (balance IS NOT NULL)"
        " AND (kind = 'customer') = (minimum_balance IS NOT NULL)",
        name="customers_have_balances",
    ),
)

# No foreign keys to accounts, because every order would lock the rows of the shop's accounts.
transfers = Table(
    "transfers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("debit_account_id", Uuid, nullable=False),
    Column("credit_account_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("order_id", Uuid),
    Column("note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
    Index(None, "debit_account_id", "created_at", "id"),
    Index(None, "credit_account_id", "created_at", "id"),
)

products = Table(
    "products",
    metadata,
    Column("sku", ByteOrderedText, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("image_url", Text),
    # SKU and name, case-folded here because the engines fold differently.
    Column("search_text", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    CheckConstraint("price > 0", name="price_positive"),
)

inventories = Table(
    "inventories",
    metadata,
    Column("sku", ByteOrderedText, ForeignKey("products.sku"), primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    CheckConstraint("0 <= reserved AND reserved <= on_hand", name="reserved_on_hand"),
)

stock_movements = Table(
    "stock_movements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sku", ByteOrderedText, ForeignKey("inventories.sku"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("on_hand_delta", BigInteger, nullable=False),
    Column("reserved_delta", BigInteger, nullable=False),
    Column("order_id", Uuid),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "sku", "created_at"),
)

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
    CheckConstraint("quantity > 0", name="quantity_positive"),
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

# Once the card is authorised, a transfer has the same id.
deposits = Table(
    "deposits",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id"), nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("idempotency_key", ByteOrderedText, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("card_token", Text, nullable=False),
    Column("gateway_payment_id", Text),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "idempotency_key"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index(None, "created_at", "id"),
    Index(None, "user_id", "created_at", "id"),
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
    CheckConstraint("quantity > 0", name="quantity_positive"),
    CheckConstraint("cancelled_quantity BETWEEN 0 AND quantity", name="cancelled_of_refunded"),
)

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
