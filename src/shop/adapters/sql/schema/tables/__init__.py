"""The tables of the shop, in the current schema version, by rooms."""

from shop.adapters.sql.schema.tables.catalogue import (
    categories,
    ended_categories,
    imports,
    price_changes,
    product_categories,
    product_images,
    product_texts,
    products,
    variants,
)
from shop.adapters.sql.schema.tables.identity import (
    addresses,
    customer_carts,
    sessions,
    user_groups,
    users,
)
from shop.adapters.sql.schema.tables.ledger import accounts, deposits, transfers
from shop.adapters.sql.schema.tables.metadata import (
    MOVING,
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
    order_shares,
    orders,
    refund_lines,
    refunds,
    shipment_event_lines,
    shipment_events,
)
from shop.adapters.sql.schema.tables.payments import gateway_events, payments
from shop.adapters.sql.schema.tables.pricing import (
    pricing_rules,
    promotion_counters,
    promotion_uses,
    rule_versions,
)
from shop.adapters.sql.schema.tables.stock import inventories, stock_movements

__all__ = [
    "MOVING",
    "RESTORING",
    "SCHEMA_VERSION",
    "ByteOrderedText",
    "accounts",
    "addresses",
    "categories",
    "customer_carts",
    "deposits",
    "ended_categories",
    "gateway_events",
    "idempotency_keys",
    "imports",
    "inventories",
    "jobs",
    "metadata",
    "notification_deliveries",
    "order_events",
    "order_lines",
    "order_shares",
    "orders",
    "payments",
    "price_changes",
    "pricing_rules",
    "product_categories",
    "product_images",
    "product_texts",
    "products",
    "promotion_counters",
    "promotion_uses",
    "rate_limits",
    "refund_lines",
    "refunds",
    "rule_versions",
    "sessions",
    "shipment_event_lines",
    "shipment_events",
    "stock_movements",
    "transfers",
    "user_groups",
    "users",
    "variants",
    "webhook_endpoints",
]
