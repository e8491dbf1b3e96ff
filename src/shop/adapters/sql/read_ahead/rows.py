"""The rows that were read ahead for a group of orders."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlalchemy import Column, Select, Table

from shop.adapters.sql.repositories.accounts import CUSTOMERS
from shop.adapters.sql.repositories.inventories import INVENTORIES
from shop.adapters.sql.repositories.products import PRODUCTS
from shop.adapters.sql.repositories.session_store import SESSIONS
from shop.adapters.sql.repositories.users import USERS
from shop.adapters.sql.schema.tables import (
    accounts,
    idempotency_keys,
    inventories,
    products,
    sessions,
    users,
)
from shop.adapters.sql.statements.writes import Fields
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_of_order import RowsOfOrder

RowsByTable = Mapping[Table, Sequence[Any]]


class RowsReadAhead:
    """The rows that were read, and for which values: those without a row do not exist."""

    def __init__(
        self,
        rows: RowsByTable,
        orders: Collection[RowsOfOrder],
        tokens: Mapping[str, SessionToken],
    ) -> None:
        self._rows = rows
        found = {tokens[each.token_hash]: each for each in self._rows[sessions]}
        user_ids = frozenset(each.user_id for each in found.values())
        skus: set[str] = set()
        for order in orders:
            if order.skus is not None:
                skus.update(order.skus)
            elif order.session in found:
                skus.update(found[order.session].cart)
        self._values: Mapping[Select[Any], tuple[Column[Any], AbstractSet[object]]] = {
            SESSIONS: (sessions.c.token_hash, tokens.keys()),
            USERS: (users.c.id, user_ids),
            CUSTOMERS: (accounts.c.user_id, user_ids),
            PRODUCTS: (products.c.sku, skus),
            INVENTORIES: (inventories.c.sku, skus),
        }
        self._keys = frozenset(
            (found[order.session].user_id, order.idempotency_key)
            for order in orders
            if order.session in found
        )

    def where_in(
        self, statement: Select[Any], column: Column[Any], values: Collection[object]
    ) -> Sequence[Any] | None:
        """Return the rows of a query where a column has one of the values; None if unknown."""
        known_column, known_values = self._values.get(statement, (None, frozenset()))
        if column is not known_column or not known_values >= set(values):
            return None
        wanted = set(values)
        rows = self._rows[column.table]
        return [each for each in rows if getattr(each, column.name) in wanted]

    def matching(self, table: Table, rows: Collection[Fields]) -> Sequence[Any] | None:
        """Return the idempotency keys that match; None if they, or the table, are unknown."""
        if table is not idempotency_keys:
            return None
        wanted = {(each["user_id"], each["key"]) for each in rows}
        if not self._keys >= wanted:
            return None
        return [each for each in self._rows[idempotency_keys] if (each.user_id, each.key) in wanted]


def wanted_in(
    orders: Collection[RowsOfOrder], tokens: Mapping[str, SessionToken]
) -> Sequence[Fields]:
    """Return the sessions and keys of orders; `tokens` are theirs, by stored hash."""
    hashes: dict[SessionToken | None, list[str]] = {}
    for token_hash, token in tokens.items():
        hashes.setdefault(token, []).append(token_hash)
    return [
        {"token_hash": each, "key": order.idempotency_key, "from_cart": order.skus is None}
        for order in orders
        for each in hashes.get(order.session, ())
    ]


def skus_in(orders: Collection[RowsOfOrder]) -> Sequence[str]:
    """Return the SKUs that the orders name themselves, sorted."""
    return sorted({sku for order in orders for sku in order.skus or ()})
