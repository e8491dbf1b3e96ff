"""The statement that reads ahead in PostgreSQL: no lock, no transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from asyncpg.pgproto.pgproto import UUID
from sqlalchemy import (
    ARRAY,
    BigInteger,
    TableClause,
    Text,
    TextClause,
    Uuid,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from shop.adapters.sql.engines.errors import translating_errors
from shop.adapters.sql.read_ahead.rows import RowsReadAhead
from shop.adapters.sql.read_ahead.wanted import CARD_USE, RULES, ReadAhead
from shop.adapters.sql.repositories.pricing.rule_documents import (
    KNOWN_RULES,
    select_current_rules,
)
from shop.adapters.sql.schema.column_types import StoredType, UtcDateTime
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
from shop.adapters.sql.statements.card_use import DECLINED_SINCE, select_card_use
from shop.adapters.sql.statements.driver import fetch_from_driver
from shop.adapters.sql.statements.named_rows import Converter, RowMaker, row_maker

# Arrays instead of joins, so that the plan is an index lookup whatever the statistics say. OFFSET 0
# keeps PostgreSQL from making a join of a subquery.
_WITH = """
WITH {primary_server}
wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST(:wanted AS json))
    AS each (token_hash text, key text, takes_cart boolean)
),
found AS MATERIALIZED (
    SELECT * FROM sessions
    WHERE token_hash = ANY (ARRAY(SELECT token_hash FROM wanted)){or_session_ids}
),
people AS MATERIALIZED (
    SELECT * FROM users
    WHERE id = ANY (ARRAY(SELECT COALESCE(user_id, guest_id) FROM found)){or_emails}{or_customers}
),
carts AS MATERIALIZED (
    SELECT ARRAY(
        SELECT json_object_keys(CAST(cart AS json))
        FROM found JOIN wanted USING (token_hash) WHERE takes_cart
        UNION ALL
        SELECT json_object_keys(CAST(lines AS json)) FROM customer_carts
        WHERE user_id = ANY (ARRAY(
            SELECT user_id FROM found JOIN wanted USING (token_hash) WHERE takes_cart
        ))
    ) AS skus
)
SELECT clock_timestamp() AS read_at"""

# Locks no row, but fails with 25006 on a server that is read-only by now: what it knows may be out
# of date.
_PRIMARY_SERVER = "primary_server AS MATERIALIZED (SELECT FROM sessions WHERE false FOR KEY SHARE),"
_IS_PRIMARY = "NOT EXISTS (SELECT FROM primary_server) AS is_primary"

_OR_SESSION_IDS = " OR id = ANY (:session_ids)"
_OR_EMAILS = " OR email = ANY (:emails)"
_OR_CUSTOMERS = " OR id = ANY (ARRAY(SELECT user_id FROM orders WHERE id = ANY (:order_ids)))"

# Most orders have none.
_FULFILLED = "ARRAY(SELECT id FROM orders WHERE id = ANY (:order_ids) AND has_fulfilment)"

_FOUND = table("found", column("user_id", Uuid()), column("guest_id", Uuid()))
_BUYERS = select(func.coalesce(_FOUND.c.user_id, _FOUND.c.guest_id))
_CARD_USE = select_card_use(
    lambda user_id: user_id == func.any(func.array(_BUYERS.scalar_subquery())),
    since=literal_column(f":{DECLINED_SINCE}"),
).compile(dialect=postgresql.dialect(paramstyle="named"))  # type: ignore[no-untyped-call]  # SQLAlchemy's.

_CURRENT_RULES = select_current_rules(literal_column(f"CAST(:{KNOWN_RULES} AS bigint)")).compile(
    dialect=postgresql.dialect()  # type: ignore[no-untyped-call]  # As above.
)

_ROWS: Mapping[TableClause, str] = {
    sessions: "found AS sessions",
    users: "people AS users",
    customer_carts: """(
        SELECT * FROM customer_carts WHERE user_id = ANY (ARRAY(SELECT user_id FROM found))
    ) AS customer_carts""",
    # The row's version, which no column has, shows whether a decision on the use of cards holds.
    accounts: """(
        SELECT accounts.*, CAST(accounts.xmin AS text) AS row_version
        FROM accounts WHERE user_id = ANY (ARRAY(SELECT id FROM people))
    ) AS accounts""",
    idempotency_keys: """
        wanted JOIN found USING (token_hash) CROSS JOIN LATERAL (
            SELECT * FROM idempotency_keys
            WHERE user_id = COALESCE(found.user_id, found.guest_id) AND key = wanted.key OFFSET 0
        ) AS idempotency_keys""",
    variants: """(
        SELECT sku, product_handle, product_name, options, image_url, price, currency, weight_grams,
            tax_category, ships, for_sale
        FROM variants WHERE sku = ANY (:product_skus || (SELECT skus FROM carts))
    ) AS variants""",
    inventories: "inventories WHERE sku = ANY (:stock_skus || (SELECT skus FROM carts))",
    promotion_counters: """
        promotion_counters WHERE key = ANY (:counter_keys || ARRAY(
            SELECT 'p:' || promotion FROM promotion_counters WHERE key = ANY (:counter_keys)
        ))""",
    orders: """(
        SELECT orders.*, lines.sku, lines.name, lines.quantity, lines.unit_price, lines.product,
            CAST(lines.options AS json) AS options, lines.image, lines.discount, lines.tax
        FROM orders CROSS JOIN LATERAL (
            SELECT * FROM order_lines WHERE order_id = orders.id OFFSET 0
        ) AS lines
        WHERE orders.id = ANY (:order_ids) ORDER BY orders.id, lines.position
    ) AS orders""",
    payments: "payments WHERE order_id = ANY (:order_ids)",
    shipment_events: f"""(
        SELECT shipment_events.*, lines.sku, lines.quantity
        FROM shipment_events CROSS JOIN LATERAL (
            SELECT * FROM shipment_event_lines WHERE shipment_event_id = shipment_events.id OFFSET 0
        ) AS lines
        WHERE order_id = ANY ({_FULFILLED})
        ORDER BY shipment_events.created_at, shipment_events.id, lines.position
    ) AS shipment_events""",  # noqa: S608  All are constants.
    refunds: f"""(
        SELECT refunds.*, lines.sku, lines.quantity, lines.cancelled_quantity,
            lines.amount AS line_amount, lines.tax AS line_tax
        FROM refunds LEFT JOIN LATERAL (
            SELECT * FROM refund_lines WHERE refund_id = refunds.id OFFSET 0
        ) AS lines ON true
        WHERE order_id = ANY ({_FULFILLED})
        ORDER BY refunds.order_id, refunds.number, lines.position
    ) AS refunds""",  # noqa: S608  As above.
    CARD_USE: f"({_CARD_USE}) AS card_use",
    RULES: f"({_CURRENT_RULES}) AS current_rules",
}

_AS_JSON = "SELECT CAST(json_agg({}) AS text)"

_TEXTS, _IDS = ARRAY(Text()), ARRAY(Uuid())
_PARAMETERS: Mapping[str, TypeEngine[Any]] = {
    "wanted": Text(),
    "session_ids": _IDS,
    "emails": _TEXTS,
    "product_skus": _TEXTS,
    "stock_skus": _TEXTS,
    "order_ids": _IDS,
    "counter_keys": _TEXTS,
    DECLINED_SINCE: UtcDateTime(),
    KNOWN_RULES: BigInteger(),
}


async def read_at_once(
    connection: AsyncConnection, read_ahead: ReadAhead, *, from_primary: bool
) -> tuple[datetime, RowsReadAhead]:
    """Return the time of the database and the rows, read outside transactions.

    Fail on a server that is read-only if it must be the primary one.
    """
    statement = _statement(
        read_ahead.tables, bool(read_ahead.session_ids), bool(read_ahead.emails), from_primary
    )
    with translating_errors():
        (row,) = await fetch_from_driver(connection, statement, _parameters(read_ahead, statement))
    rows = {table: _rows(table, row[table.name]) for table in read_ahead.tables}
    return row["read_at"], RowsReadAhead(read_ahead, rows)


def _parameters(read_ahead: ReadAhead, statement: TextClause) -> Mapping[str, Any]:
    given = {
        "wanted": orjson.dumps(read_ahead.stored_sessions).decode(),
        "session_ids": list(read_ahead.session_ids),
        "emails": list(read_ahead.emails),
        "product_skus": sorted(read_ahead.product_skus),
        "stock_skus": sorted(read_ahead.stock_skus),
        "order_ids": list(read_ahead.order_ids),
        "counter_keys": sorted(read_ahead.counter_keys),
        DECLINED_SINCE: read_ahead.card_use_since,
        KNOWN_RULES: read_ahead.known_rules,
    }
    return {name: given[name] for name in _parameter_names(statement)}


@cache
def _statement(
    tables: tuple[TableClause, ...],
    by_session_ids: bool,  # noqa: FBT001  The cache's key has positional parameters only.
    by_emails: bool,  # noqa: FBT001  As above.
    from_primary: bool,  # noqa: FBT001  As above.
) -> TextClause:
    begin = _WITH.format(
        primary_server=_PRIMARY_SERVER if from_primary else "",
        or_session_ids=_OR_SESSION_IDS if by_session_ids else "",
        or_emails=_OR_EMAILS if by_emails else "",
        or_customers=_OR_CUSTOMERS if refunds in tables else "",
    )
    columns = [
        f"({_AS_JSON.format(each.name)} FROM {_ROWS[each]}) AS {each.name}" for each in tables
    ]
    if from_primary:
        columns.append(_IS_PRIMARY)
    statement = text(",\n".join([begin, *columns]))
    return statement.bindparams(
        *(bindparam(name, type_=_PARAMETERS[name]) for name in _parameter_names(statement))
    )


@cache
def _parameter_names(statement: TextClause) -> Collection[str]:
    return tuple(name for name in _PARAMETERS if f":{name}" in statement.text)


# The driver's UUIDs are made and compared faster than those of the standard library.
_uuid: Converter = UUID


def _rows(table: TableClause, document: str | None) -> Sequence[Any]:
    if document is None:
        return ()
    objects = orjson.loads(document)
    make = _row_maker(table, tuple(objects[0]))
    return make([tuple(each.values()) for each in objects])


@cache
def _row_maker(table: TableClause, names: tuple[str, ...]) -> RowMaker:
    types = {each.name: each.type for each in table.c}
    return row_maker([(name, _converter(types[name]) if name in types else None) for name in names])


def _converter(kind: TypeEngine[Any]) -> Converter | None:
    if isinstance(kind, Uuid):
        return _uuid
    return kind.parse if isinstance(kind, StoredType) else None
