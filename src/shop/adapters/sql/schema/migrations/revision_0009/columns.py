"""The columns that existing tables gain, all with defaults."""

import sqlalchemy as sa
from alembic import op

_COLUMNS = {
    "products": (
        "options TEXT NOT NULL DEFAULT '[]'",
        "safety TEXT",
        "seo TEXT",
        "archived_at {time}",
        "min_price BIGINT",
        "search_id BIGINT",
    ),
    "orders": (
        "email TEXT",
        "email_key {code}",
        "shipping_address TEXT",
        "billing_address TEXT",
        "shipping_method TEXT",
        "shipping_name TEXT",
        (
            "shipping_price BIGINT"
            " CONSTRAINT ck_orders_shipping_price_not_negative CHECK (shipping_price >= 0)"
        ),
        "prices_include_tax BOOLEAN",
        "has_shares BOOLEAN NOT NULL DEFAULT {false}",
    ),
    "order_lines": (
        "product {code}",
        "options TEXT",
        "image TEXT",
        (
            "discount BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_order_lines_discount_of_line"
            " CHECK (discount BETWEEN 0 AND quantity * unit_price)"
        ),
        "tax BIGINT NOT NULL DEFAULT 0 CONSTRAINT ck_order_lines_tax_not_negative CHECK (tax >= 0)",
    ),
    "refunds": ("shipping_amount BIGINT NOT NULL DEFAULT 0", "tax BIGINT NOT NULL DEFAULT 0"),
    "refund_lines": ("amount BIGINT", "tax BIGINT"),
    "sessions": (
        "checkout TEXT NOT NULL DEFAULT '{{}}'",
        "guest_id {uuid} CONSTRAINT fk_sessions_guest_id_users REFERENCES users (id)",
    ),
    "users": ("is_guest BOOLEAN NOT NULL DEFAULT {false}",),
}

_TYPES = {
    "sqlite": {"code": "TEXT", "time": "TEXT", "uuid": "CHAR(32)", "false": "0"},
    "postgresql": {
        "code": 'TEXT COLLATE "C"',
        "time": "TIMESTAMP WITH TIME ZONE",
        "uuid": "UUID",
        "false": "false",
    },
}


def add_columns() -> None:
    """Add those that are missing, in SQL: SQLite adds a constraint only with its column."""
    connection = op.get_bind()
    types = _TYPES[connection.dialect.name]
    for table, columns in _COLUMNS.items():
        existing = {column["name"] for column in sa.inspect(connection).get_columns(table)}
        for column in columns:
            if column.partition(" ")[0] not in existing:
                op.execute(f"ALTER TABLE {table} ADD COLUMN {column.format_map(types)}")
    is_given = sa.text("email_key IS NOT NULL")
    op.create_index(
        "ix_orders_email_key_placed_at",
        "orders",
        ["email_key", "placed_at"],
        if_not_exists=True,
        postgresql_where=is_given,
        sqlite_where=is_given,
    )


def order_names_by_bytes() -> None:
    """Sort products by name in the same way on both engines; SQLite's text always is."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE products ALTER COLUMN name TYPE TEXT COLLATE "C"')
