"""The tables of the shop, in the current schema version, by rooms."""

from shop.adapters.sql.schema.tables.catalogue import products
from shop.adapters.sql.schema.tables.identity import sessions, users
from shop.adapters.sql.schema.tables.ledger import accounts, deposits, transfers
from shop.adapters.sql.schema.tables.metadata import (
    RESTORING,
    SCHEMA_VERSION,
    ByteOrderedText,
    metadata,
)
from shop.adapters.sql.schema.tables.notifications import notification_deliveries, webhook_endpoints
from shop.adapters.sql.schema.tables.operations import idempotency_keys, jobs, rate_limits
from shop.adapters.sql.schema.tables.orders import (
    order_events,
    order_lines,
    orders,
    refund_lines,
    refunds,
    shipment_event_lines,
    shipment_events,
)
from shop.adapters.sql.schema.tables.payments import gateway_events, payments
from shop.adapters.sql.schema.tables.stock import inventories, stock_movements

__all__ = [
    "RESTORING",
    "SCHEMA_VERSION",
    "ByteOrderedText",
    "accounts",
    "deposits",
    "gateway_events",
    "idempotency_keys",
    "inventories",
    "jobs",
    "metadata",
    "notification_deliveries",
    "order_events",
    "order_lines",
    "orders",
    "payments",
    "products",
    "rate_limits",
    "refund_lines",
    "refunds",
    "sessions",
    "shipment_event_lines",
    "shipment_events",
    "stock_movements",
    "transfers",
    "users",
    "webhook_endpoints",
]
