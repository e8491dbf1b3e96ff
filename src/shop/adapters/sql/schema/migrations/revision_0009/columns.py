"""The columns that existing tables gain, all with defaults.

PostgreSQL would read a whole table to check a constraint that is added with its column. So there
it is added as one that is not valid yet: it holds for what is written from now on.
"""

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
        "shipping_price BIGINT",
        "prices_include_tax BOOLEAN",
        "has_shares BOOLEAN NOT NULL DEFAULT {false}",
    ),
    "order_lines": (
        "product {code}",
        "options TEXT",
        "image TEXT",
        "discount BIGINT NOT NULL DEFAULT 0",
        "tax BIGINT NOT NULL DEFAULT 0",
    ),
    "refunds": ("shipping_amount BIGINT NOT NULL DEFAULT 0", "tax BIGINT NOT NULL DEFAULT 0"),
    "refund_lines": ("amount BIGINT", "tax BIGINT"),
    "sessions": ("checkout TEXT NOT NULL DEFAULT '{{}}'", "guest_id {uuid}"),
    "users": ("is_guest BOOLEAN NOT NULL DEFAULT {false}",),
}

_CONSTRAINTS = {
    ("orders", "shipping_price"): (
        "ck_orders_shipping_price_not_negative",
        "CHECK (shipping_price >= 0)",
    ),
    ("order_lines", "discount"): (
        "ck_order_lines_discount_of_line",
        "CHECK (discount BETWEEN 0 AND quantity * unit_price)",
    ),
    ("order_lines", "tax"): ("ck_order_lines_tax_not_negative", "CHECK (tax >= 0)"),
    ("sessions", "guest_id"): (
        "fk_sessions_guest_id_users",
        "{foreign_key}REFERENCES users (id)",
    ),
}
"""The name and the rule of the constraint of a new column."""

_TYPES = {
    "sqlite": {"code": "TEXT", "time": "TEXT", "uuid": "CHAR(32)", "false": "0"},
    "postgresql": {
        "code": 'TEXT COLLATE "C"',
        "time": "TIMESTAMP WITH TIME ZONE",
        "uuid": "UUID",
        "false": "false",
    },
}

_COLLATION = sa.text(
    "SELECT collation_name FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND table_name = 'products' AND column_name = 'name'"
)


def add_columns() -> None:
    """Add those that are missing, in SQL: SQLite adds a constraint only with its column."""
    connection = op.get_bind()
    is_embedded = connection.dialect.name == "sqlite"
    types = _TYPES[connection.dialect.name]
    for table, columns in _COLUMNS.items():
        existing = {column["name"] for column in sa.inspect(connection).get_columns(table)}
        for column in columns:
            name = column.partition(" ")[0]
            definition = column.format_map(types)
            constraint = _CONSTRAINTS.get((table, name))
            if is_embedded and constraint is not None:
                definition += f" CONSTRAINT {constraint[0]} {constraint[1].format(foreign_key='')}"
            if name not in existing:
                op.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")
    if not is_embedded:
        _add_constraints(connection)
    # Of a column without values; what has no number is found by it.
    op.create_index(
        "ix_products_search_id", "products", ["search_id"], unique=True, if_not_exists=True
    )


def _add_constraints(connection: sa.Connection) -> None:
    existing = sa.inspect(connection)
    for (table, column), (name, rule) in _CONSTRAINTS.items():
        names = {
            each["name"]
            for each in (*existing.get_check_constraints(table), *existing.get_foreign_keys(table))
        }
        if name not in names:
            definition = rule.format(foreign_key=f"FOREIGN KEY ({column}) ")
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")


def order_names_by_bytes() -> None:
    """Sort products by name in the same way on both engines; SQLite's text always is."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and connection.scalar(_COLLATION) != "C":
        op.execute('ALTER TABLE products ALTER COLUMN name TYPE TEXT COLLATE "C"')
