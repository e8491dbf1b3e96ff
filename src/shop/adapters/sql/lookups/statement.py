"""Reads with one statement what a group of lookups asks: no transaction, one snapshot."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, cast

import orjson
from asyncpg.pgproto.pgproto import UUID
from sqlalchemy import (
    ARRAY,
    CTE,
    Column,
    ColumnElement,
    Dialect,
    Executable,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    union,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from shop.adapters.sql.repositories.orders import ORDERS_WITH_LINES
from shop.adapters.sql.repositories.payments import PAYMENTS
from shop.adapters.sql.repositories.session_store import SESSIONS
from shop.adapters.sql.repositories.shipment_events import REFUNDS, SHIPMENT_EVENTS
from shop.adapters.sql.repositories.users import USERS
from shop.adapters.sql.schema.tables import (
    orders,
    payments,
    refunds,
    sessions,
    shipment_events,
    users,
)

HASHES = "hashes"
ORDER_IDS = "order_ids"


def _found(query: Select[Any], column: Column[Any], values: ColumnElement[Any], name: str) -> CTE:
    # Arrays instead of joins, so that the plan is an index lookup whatever the statistics say.
    return query.where(column == func.any(values)).cte(name)


def _document(found: CTE) -> ColumnElement[str]:
    rows = func.json_agg(literal_column(found.name))
    return select(sql_cast(rows, Text)).select_from(found).scalar_subquery().label(found.name)


_ORDER_IDS = bindparam(ORDER_IDS, type_=ARRAY(orders.c.id.type))
_SESSIONS = _found(
    SESSIONS,
    sessions.c.token_hash,
    bindparam(HASHES, type_=ARRAY(Text())),
    "found_sessions",
)
_ORDERS = _found(ORDERS_WITH_LINES, orders.c.id, _ORDER_IDS, "found_orders")
_BUYERS_AND_USERS = union(select(_SESSIONS.c.user_id), select(_ORDERS.c.user_id))
_USER_IDS = func.array(_BUYERS_AND_USERS.scalar_subquery())
# Most orders have no fulfilment.
_FULFILLED = func.array(select(_ORDERS.c.id).where(_ORDERS.c.has_fulfilment).scalar_subquery())

_FOUND: Mapping[Select[Any], tuple[Column[Any], CTE]] = {
    SESSIONS: (sessions.c.token_hash, _SESSIONS),
    USERS: (users.c.id, _found(USERS, users.c.id, _USER_IDS, "found_users")),
    ORDERS_WITH_LINES: (orders.c.id, _ORDERS),
    PAYMENTS: (
        payments.c.order_id,
        _found(PAYMENTS, payments.c.order_id, _ORDER_IDS, "found_payments"),
    ),
    SHIPMENT_EVENTS: (
        shipment_events.c.order_id,
        _found(SHIPMENT_EVENTS, shipment_events.c.order_id, _FULFILLED, "found_events"),
    ),
    REFUNDS: (
        refunds.c.order_id,
        _found(REFUNDS, refunds.c.order_id, _FULFILLED, "found_refunds"),
    ),
}
"""The queries that are asked, each with the column whose values it is asked for."""

LOOK_UP: Executable = select(*(_document(found) for _, found in _FOUND.values()))


class FoundRows:
    """The rows that were found; what is not among them does not exist."""

    def __init__(self, row: Mapping[str, str | None]) -> None:
        self._documents = {query: row[found.name] for query, (_, found) in _FOUND.items()}

    def where_in(
        self, query: Select[Any], column: Column[Any], values: Collection[object]
    ) -> Sequence[Any]:
        """Return the rows of a query where a column has one of the values."""
        known, _ = _FOUND.get(query, (None, None))
        if column is not known:
            raise RuntimeError(f"{column} was not looked up")
        wanted = values if isinstance(values, set | frozenset | dict) else set(values)
        rows = _rows(query, self._documents[query])
        return [each for each in rows if getattr(each, column.name) in wanted]


_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's.


def _rows(query: Select[Any], document: str | None) -> Sequence[Any]:
    rows = orjson.loads(document) if document else ()
    converters = _converters(query)
    for row in rows:
        for name, convert in converters:
            if row[name] is not None:
                row[name] = convert(row[name])
    return [SimpleNamespace(**row) for row in rows]


@cache
def _converters(query: Select[Any]) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    """Return what makes values of a column's type of those in JSON, for columns that need it."""
    return [
        (column.name, convert)
        for column in query.selected_columns
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
