"""What a migration leaves for later, because it would lock a large table for long.

Each statement has a transaction of its own and can be run again. Checking a constraint locks
nothing that requests need. Making an index keeps writers of its table waiting while it is read
once.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, inspect, text

_ON_SALE = "active AND archived_at IS NULL"

_INDEXES = {
    ("orders", "ix_orders_email_key_placed_at"): "(email_key, placed_at)"
    " WHERE email_key IS NOT NULL",
    ("products", "ix_products_created_at_sku_on_sale"): f"(created_at, sku) WHERE {_ON_SALE}",
    ("products", "ix_products_min_price_sku_on_sale"): f"(min_price, sku) WHERE {_ON_SALE}",
    ("products", "ix_products_name_sku_on_sale"): f"(name, sku) WHERE {_ON_SALE}",
    ("sessions", "ix_sessions_guest_id"): "(guest_id) WHERE guest_id IS NOT NULL",
}
"""What the indexes of large tables are, by table and name."""

_NOT_VALID = text(
    "SELECT conrelid::regclass::text, conname FROM pg_constraint"
    " WHERE NOT convalidated AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
)


def find_unfinished(connection: Connection) -> Sequence[str]:
    """Return the statements that are left to run, one after the other."""
    return list(_statements(connection))


def finish_schema(connection: Connection) -> None:
    """Run them all in this transaction, for tables without rows."""
    for statement in find_unfinished(connection):
        connection.exec_driver_sql(statement)


def _statements(connection: Connection) -> Iterator[str]:
    existing = inspect(connection)
    for (table, index), definition in _INDEXES.items():
        if index not in {each["name"] for each in existing.get_indexes(table)}:
            yield f"CREATE INDEX IF NOT EXISTS {index} ON {table} {definition}"
    if connection.dialect.name == "postgresql":
        for table, constraint in connection.execute(_NOT_VALID):
            yield f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"
