"""Reads with one statement what a group of orders needs: no lock, no transaction."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, cast

import orjson
from asyncpg.pgproto.pgproto import UUID
from sqlalchemy import ARRAY, Dialect, Row, Table, Text, Uuid, bindparam, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from shop.adapters.sql.read_ahead.rows import RowsByTable, skus_in, wanted_in
from shop.adapters.sql.schema.tables import (
    accounts,
    idempotency_keys,
    inventories,
    products,
    sessions,
    users,
)
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_of_order import RowsOfOrder

# Arrays instead of joins, so that the plan is an index lookup whatever the statistics say. OFFSET 0
# keeps PostgreSQL from making a join of the keys.
READ_AHEAD = text("""
WITH
wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST(:wanted AS json))
    AS each (token_hash text, key text, from_cart boolean)
),
found AS MATERIALIZED (
    SELECT * FROM sessions WHERE token_hash = ANY (ARRAY(SELECT token_hash FROM wanted))
),
ordered AS MATERIALIZED (
    SELECT :skus || ARRAY(
        SELECT json_object_keys(CAST(cart AS json))
        FROM found JOIN wanted USING (token_hash) WHERE from_cart
    ) AS skus
)
SELECT
    clock_timestamp() AS read_at,
    (SELECT CAST(json_agg(found) AS text) FROM found) AS sessions,
    (SELECT CAST(json_agg(users) AS text) FROM users
        WHERE id = ANY (ARRAY(SELECT user_id FROM found))) AS users,
    (SELECT CAST(json_agg(accounts) AS text) FROM accounts
        WHERE user_id = ANY (ARRAY(SELECT user_id FROM found))) AS accounts,
    (SELECT CAST(json_agg(used) AS text) FROM wanted JOIN found USING (token_hash)
        CROSS JOIN LATERAL (
            SELECT * FROM idempotency_keys
            WHERE user_id = found.user_id AND key = wanted.key OFFSET 0
        ) AS used) AS idempotency_keys,
    (SELECT CAST(json_agg(products) AS text) FROM products
        WHERE sku = ANY (CAST((SELECT skus FROM ordered) AS text[]))) AS products,
    (SELECT CAST(json_agg(inventories) AS text) FROM inventories
        WHERE sku = ANY (CAST((SELECT skus FROM ordered) AS text[]))) AS inventories
""").bindparams(bindparam("wanted", type_=Text()), bindparam("skus", type_=ARRAY(Text())))


def read_ahead_parameters(
    orders: Collection[RowsOfOrder], tokens: Mapping[str, SessionToken]
) -> Mapping[str, Any]:
    """Return the parameters of `READ_AHEAD`; `tokens` are those of the orders, by stored hash."""
    return {"wanted": orjson.dumps(wanted_in(orders, tokens)).decode(), "skus": skus_in(orders)}


def rows_by_table(row: Row[Any]) -> RowsByTable:
    """Return the rows of a result of `READ_AHEAD`."""
    return {table: _rows(table, getattr(row, table.name)) for table in _TABLES}


_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's.
_TABLES = (sessions, users, accounts, idempotency_keys, products, inventories)


def _rows(table: Table, document: str | None) -> Sequence[Any]:
    rows = orjson.loads(document) if document else ()
    converters = _converters(table)
    for row in rows:
        for name, convert in converters:
            if row[name] is not None:
                row[name] = convert(row[name])
    return [SimpleNamespace(**row) for row in rows]


@cache
def _converters(table: Table) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """Return what makes values of a column's type of those in JSON, for columns that need it."""
    return [
        (column.name, convert)
        for column in table.c
        for convert in (_converter(column.type),)
        if convert is not None
    ]


def _converter(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    if isinstance(kind, Uuid):
        # The driver's UUIDs are made and compared faster than those of the standard library.
        return cast("type[uuid.UUID]", UUID)
    if isinstance(kind, TypeDecorator):
        return partial(kind.process_result_value, dialect=_DIALECT)
    return None
