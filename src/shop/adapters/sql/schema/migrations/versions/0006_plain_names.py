"""Give tables, columns and stored values the names of the glossary.

PostgreSQL renames in place, one step at a time, and each step can be run again. SQLite cannot
rename a constraint, so the tables whose constraints change are copied there, in one transaction.
"""

import sqlalchemy as sa
from alembic import op

from shop.adapters.sql.schema.column_types import UtcDateTime

revision = "0006"
down_revision = "0005"

_TABLES = {
    "handovers": "shipment_events",
    "handover_lines": "shipment_event_lines",
    "movements": "stock_movements",
    "notices": "gateway_events",
    "dispatches": "notification_deliveries",
}

# (table, old name, new name)
_COLUMNS = [
    ("shipment_event_lines", "handover_id", "shipment_event_id"),
    ("notification_deliveries", "topic", "event_type"),
    ("notification_deliveries", "addressee", "recipient"),
    ("accounts", "balance_limit", "minimum_balance"),
    ("orders", "method", "payment_method"),
    ("payments", "gateway_id", "gateway_payment_id"),
    ("payments", "empties_cart", "clears_cart"),
    ("deposits", "gateway_id", "gateway_payment_id"),
    ("refunds", "outcome", "gateway_response"),
    ("refund_lines", "kept_back", "cancelled_quantity"),
    ("order_events", "status_before", "from_status"),
    ("order_events", "status_after", "to_status"),
    ("jobs", "failure", "last_error"),
    ("idempotency_keys", "refusal", "rejection"),
    ("sessions", "order_id", "last_order_id"),
]

_CONSTRAINTS = [
    ("shipment_events", "pk_handovers", "pk_shipment_events"),
    ("shipment_events", "fk_handovers_order_id_orders", "fk_shipment_events_order_id_orders"),
    ("shipment_event_lines", "pk_handover_lines", "pk_shipment_event_lines"),
    (
        "shipment_event_lines",
        "fk_handover_lines_handover_id_handovers",
        "fk_shipment_event_lines_shipment_event_id_shipment_events",
    ),
    (
        "shipment_event_lines",
        "ck_handover_lines_quantity_positive",
        "ck_shipment_event_lines_quantity_positive",
    ),
    ("stock_movements", "pk_movements", "pk_stock_movements"),
    ("stock_movements", "fk_movements_sku_inventories", "fk_stock_movements_sku_inventories"),
    ("gateway_events", "pk_notices", "pk_gateway_events"),
    ("notification_deliveries", "pk_dispatches", "pk_notification_deliveries"),
    (
        "notification_deliveries",
        "ck_dispatches_delivered_has_a_time",
        "ck_notification_deliveries_delivered_has_a_time",
    ),
]

_INDEXES = [
    ("ix_handovers_order_id", "ix_shipment_events_order_id"),
    ("ix_movements_sku_created_at", "ix_stock_movements_sku_created_at"),
    (
        "ix_dispatches_channel_created_at_id",
        "ix_notification_deliveries_channel_created_at_id",
    ),
    ("ix_dispatches_status_created_at", "ix_notification_deliveries_status_created_at"),
]

_SQLITE_INDEXES = [
    ("ix_shipment_events_order_id", "shipment_events", ["order_id"]),
    ("ix_stock_movements_sku_created_at", "stock_movements", ["sku", "created_at"]),
    (
        "ix_notification_deliveries_channel_created_at_id",
        "notification_deliveries",
        ["channel", "created_at", "id"],
    ),
    (
        "ix_notification_deliveries_status_created_at",
        "notification_deliveries",
        ["status", "created_at"],
    ),
]

_VALUES = [
    ("transfers", "kind", "return", "refund"),
    ("stock_movements", "kind", "sale_undone", "restock"),
    ("stock_movements", "kind", "confirmation", "reserved_sale"),
    ("refunds", "status", "done", "succeeded"),
    ("notification_deliveries", "channel", "mail", "email"),
    ("jobs", "kind", "resolve", "resolve_payment"),
    ("jobs", "kind", "capture", "capture_payment"),
    ("jobs", "kind", "undo", "reverse_payment"),
    ("jobs", "kind", "refund", "refund_payment"),
    ("jobs", "kind", "deliver", "send_webhook"),
    ("jobs", "kind", "mail", "send_email"),
]


def upgrade() -> None:
    """Rename everything that is not renamed yet."""
    if op.get_bind().dialect.name == "sqlite":
        _copy_tables()
    else:
        _rename_tables()
    for table, old, new in _COLUMNS:
        if old in _columns(table):
            op.alter_column(table, old, new_column_name=new)
    for table, column, old, new in _VALUES:
        changed = sa.table(table, sa.column(column))
        op.execute(changed.update().where(changed.c[column] == old).values({column: new}))


def _copy_tables() -> None:
    op.create_table(
        "shipment_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shipment_events"),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name="fk_shipment_events_order_id_orders"
        ),
    )
    op.create_table(
        "shipment_event_lines",
        sa.Column("shipment_event_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("shipment_event_id", "position", name="pk_shipment_event_lines"),
        sa.ForeignKeyConstraint(
            ["shipment_event_id"],
            ["shipment_events.id"],
            name="fk_shipment_event_lines_shipment_event_id_shipment_events",
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_event_lines_quantity_positive")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_hand_delta", sa.BigInteger(), nullable=False),
        sa.Column("reserved_delta", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movements"),
        sa.ForeignKeyConstraint(
            ["sku"], ["inventories.sku"], name="fk_stock_movements_sku_inventories"
        ),
    )
    op.create_table(
        "gateway_events",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Uuid(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_events"),
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_status_code", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)",
            name=op.f("ck_notification_deliveries_delivered_has_a_time"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification_deliveries"),
    )
    op.create_table(
        "refund_lines_copied",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cancelled_quantity", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("refund_id", "position", name="pk_refund_lines"),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name="fk_refund_lines_refund_id_refunds"
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_refund_lines_quantity_positive")),
        sa.CheckConstraint(
            "cancelled_quantity BETWEEN 0 AND quantity",
            name=op.f("ck_refund_lines_cancelled_of_refunded"),
        ),
    )
    for old, new in (*_TABLES.items(), ("refund_lines", "refund_lines_copied")):
        named = {was: now for table, was, now in _COLUMNS if table in {old, new}}
        columns = sorted(_columns(old))
        renamed = ", ".join(named.get(each, each) for each in columns)
        op.execute(f"INSERT INTO {new} ({renamed}) SELECT {', '.join(columns)} FROM {old}")  # noqa: S608  Names of ours.
    for old in ("handover_lines", "handovers", "movements", "notices", "dispatches"):
        op.drop_table(old)
    op.drop_table("refund_lines")
    op.rename_table("refund_lines_copied", "refund_lines")
    for name, table, columns in _SQLITE_INDEXES:
        op.create_index(name, table, columns)


def _columns(table: str) -> set[str]:
    return {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _rename_tables() -> None:
    inspector = sa.inspect(op.get_bind())
    existing = set(inspector.get_table_names())
    for old, new in _TABLES.items():
        if old in existing:
            op.rename_table(old, new)
    inspector.clear_cache()
    for table, old, new in _CONSTRAINTS:
        if old in _constraints(inspector, table):
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    for old, new in _INDEXES:
        op.execute(f"ALTER INDEX IF EXISTS {old} RENAME TO {new}")
    if "ck_refund_lines_kept_back_of_them" in _constraints(inspector, "refund_lines"):
        op.execute(
            "ALTER TABLE refund_lines RENAME CONSTRAINT ck_refund_lines_kept_back_of_them"
            " TO ck_refund_lines_cancelled_of_refunded"
        )


def _constraints(inspector: sa.Inspector, table: str) -> set[str | None]:
    return {
        inspector.get_pk_constraint(table)["name"],
        *(each["name"] for each in inspector.get_foreign_keys(table)),
        *(each["name"] for each in inspector.get_check_constraints(table)),
    }
