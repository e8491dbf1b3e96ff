"""The statement that reads ahead in SQLite.

Its rows come as one JSON text for each table: the driver takes the interpreter's lock again for
each row that it fetches, and waits for it while the process is busy.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Label, Select, TableClause, func, select, text

from shop.adapters.sql.orders.refund_rows import REFUNDS
from shop.adapters.sql.read_ahead.rows import RowsByTable
from shop.adapters.sql.read_ahead.wanted import RULES, ReadAhead
from shop.adapters.sql.repositories.catalogue.variants import VARIANTS
from shop.adapters.sql.repositories.orders import ORDERS_WITH_LINES
from shop.adapters.sql.repositories.pricing.rule_documents import CURRENT_RULES, KNOWN_RULES
from shop.adapters.sql.repositories.shipment_events import SHIPMENT_EVENTS
from shop.adapters.sql.schema.tables import (
    accounts,
    customer_carts,
    idempotency_keys,
    inventories,
    orders,
    payments,
    promotion_counters,
    refunds,
    sessions,
    shipment_events,
    users,
    variants,
)
from shop.adapters.sql.sqlite.statements import Prepared, prepared_query

_SESSIONS = """(
    token_hash IN (SELECT json_extract(value, '$.token_hash') FROM json_each(:wanted))
    OR id IN (SELECT value FROM json_each(:session_ids))
)"""
_USERS = f"""(
    id IN (SELECT coalesce(user_id, guest_id) FROM sessions WHERE {_SESSIONS})
    OR email IN (SELECT value FROM json_each(:emails))
    OR id IN (SELECT user_id FROM orders WHERE id IN (SELECT value FROM json_each(:customers_of)))
)"""  # noqa: S608  All are constants.
_IN_CARTS = """
    SELECT cart.key FROM json_each(:wanted) AS wanted
    CROSS JOIN sessions ON token_hash = json_extract(wanted.value, '$.token_hash')
    CROSS JOIN json_each(sessions.cart) AS cart
    WHERE json_extract(wanted.value, '$.takes_cart')
    UNION
    SELECT cart.key FROM json_each(:wanted) AS wanted
    CROSS JOIN sessions ON token_hash = json_extract(wanted.value, '$.token_hash')
    CROSS JOIN customer_carts ON customer_carts.user_id = sessions.user_id
    CROSS JOIN json_each(customer_carts.lines) AS cart
    WHERE json_extract(wanted.value, '$.takes_cart')
"""
_CONDITIONS: Mapping[TableClause, str] = {
    sessions: _SESSIONS,
    users: _USERS,
    customer_carts: f"user_id IN (SELECT user_id FROM sessions WHERE {_SESSIONS})",  # noqa: S608  As above.
    accounts: f"user_id IN (SELECT id FROM users WHERE {_USERS})",  # noqa: S608  As above.
    idempotency_keys: """idempotency_keys.rowid IN (
        SELECT used.rowid FROM json_each(:wanted) AS wanted
        CROSS JOIN sessions ON token_hash = json_extract(wanted.value, '$.token_hash')
        CROSS JOIN idempotency_keys AS used
        ON used.user_id = coalesce(sessions.user_id, sessions.guest_id)
        AND used.key = json_extract(wanted.value, '$.key')
    )""",
    variants: f"sku IN (SELECT value FROM json_each(:product_skus) UNION {_IN_CARTS})",  # noqa: S608  As above.
    inventories: f"sku IN (SELECT value FROM json_each(:stock_skus) UNION {_IN_CARTS})",  # noqa: S608  As above.
    promotion_counters: """key IN (
        SELECT value FROM json_each(:counter_keys)
        UNION SELECT 'p:' || promotion FROM promotion_counters
        WHERE key IN (SELECT value FROM json_each(:counter_keys))
    )""",
    orders: "orders.id IN (SELECT value FROM json_each(:order_ids))",
    payments: "order_id IN (SELECT value FROM json_each(:order_ids))",
    shipment_events: "order_id IN (SELECT value FROM json_each(:order_ids))",
    refunds: "order_id IN (SELECT value FROM json_each(:order_ids))",
    RULES: "true",
}


_SELECTS: Mapping[TableClause, Select[Any]] = {
    orders: ORDERS_WITH_LINES,
    shipment_events: SHIPMENT_EVENTS,
    refunds: REFUNDS,
    variants: VARIANTS,
    RULES: CURRENT_RULES,
}

READABLE = frozenset(_CONDITIONS)
"""The tables that can be read ahead."""


@cache
def reading_statement(tables: tuple[TableClause, ...]) -> Prepared:
    """Return the query of one row, which has the rows of each table as a JSON text."""
    return prepared_query(select(*(_document(each) for each in tables)))


def _document(table: TableClause) -> Label[Any]:
    rows = _query(table).subquery(table.name)
    document = select(func.json_group_array(func.json_array(*rows.c)))
    return document.scalar_subquery().label(table.name)


def rows_of(tables: Sequence[TableClause], documents: Sequence[str]) -> RowsByTable:
    """Return the rows of each table."""
    return {
        table: _prepared_query(table).to_rows(orjson.loads(document))
        for table, document in zip(tables, documents, strict=True)
    }


@cache
def _prepared_query(table: TableClause) -> Prepared:
    return prepared_query(_query(table))


def _query(table: TableClause) -> Select[Any]:
    return _SELECTS.get(table, select(table)).where(text(_CONDITIONS[table]))


def reading_parameters(read_ahead: ReadAhead) -> Mapping[str, Any]:
    """Return the parameters of all queries."""
    return {
        "wanted": orjson.dumps(read_ahead.stored_sessions).decode(),
        "session_ids": _json(each.hex for each in read_ahead.session_ids),
        "emails": _json(read_ahead.emails),
        "product_skus": _json(read_ahead.product_skus),
        "stock_skus": _json(read_ahead.stock_skus),
        "order_ids": _json(each.hex for each in read_ahead.order_ids),
        "counter_keys": _json(read_ahead.counter_keys),
        KNOWN_RULES: read_ahead.known_rules,
        "customers_of": _json(
            each.hex for each in read_ahead.order_ids if refunds in read_ahead.tables
        ),
    }


def _json(values: Iterable[str]) -> str:
    return orjson.dumps(sorted(values)).decode()
