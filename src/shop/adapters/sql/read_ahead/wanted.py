"""What a group of commands wants to have read ahead, and from which tables."""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, TableClause, Text, Uuid, column, table

from shop.adapters.sql.schema.column_types import JsonText, UtcDateTime
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
from shop.adapters.sql.statements.writes import Fields
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.domain.pricing.promotions.promotion_uses import code_key, counter_key

CARD_USE = table("card_use", column("user_id", Uuid()), column("first_attempt_at", UtcDateTime()))
"""Not stored, but counted: what the users have begun by card."""

RULES = table(
    "current_rules",
    column("version", BigInteger()),
    column("known", BigInteger()),
    column("kind", Text()),
    column("slug", Text()),
    column("document", JsonText()),
)
"""The version of the rules of prices, and the rules unless they are known."""

_TABLES: Mapping[TableClause, Collection[str]] = {
    sessions: ("session", "session_ids"),
    users: ("session", "session_ids", "emails", "with_fulfilment"),
    customer_carts: ("has_cart", "takes_cart"),
    accounts: ("has_account",),
    idempotency_keys: ("idempotency_key",),
    variants: ("product_skus", "takes_cart"),
    inventories: ("product_skus", "takes_cart", "stock_skus"),
    promotion_counters: ("promotions", "codes"),
    orders: ("order_ids",),
    payments: ("order_ids",),
    shipment_events: ("with_fulfilment",),
    refunds: ("with_fulfilment",),
    CARD_USE: ("card_use_since",),
    RULES: ("wants_rules",),
}
"""The tables that are read, and the fields of `RowsWanted` for which they are."""

_FIELDS = tuple(dict.fromkeys(name for names in _TABLES.values() for name in names))
_values = attrgetter(*_FIELDS)


class ReadAhead:
    """What a group of commands wants; `tokens` are those of its sessions, by stored hash."""

    def __init__(self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]) -> None:
        self.wanted = wanted
        self.tokens = tokens
        rows = [_values(each) for each in wanted]
        self._by_field = {name: [row[at] for row in rows] for at, name in enumerate(_FIELDS)}
        fields = {name for name, values in self._by_field.items() if any(values)}
        self.tables = tuple(each for each, names in _TABLES.items() if not fields.isdisjoint(names))
        self.session_ids = self._all("session_ids")
        self.emails = self._all("emails")
        self.product_skus = self._all("product_skus")
        self.stock_skus = self.product_skus | self._all("stock_skus")
        self.order_ids = self._all("order_ids")
        self.counter_keys = frozenset(
            [*map(counter_key, self._all("promotions")), *map(code_key, self._all("codes"))]
        )
        times = [each.card_use_since for each in wanted if each.card_use_since is not None]
        self.card_use_since = min(times, default=None)
        known = [each.known_rules for each in wanted if each.known_rules is not None]
        self.known_rules = min(known, default=None)

    @property
    def stored_sessions(self) -> Sequence[Fields]:
        """What is wanted of the sessions with these stored hashes."""
        hashes: dict[SessionToken | None, list[str]] = {}
        for token_hash, token in self.tokens.items():
            hashes.setdefault(token, []).append(token_hash)
        return [
            {"token_hash": token_hash, "key": each.idempotency_key, "takes_cart": each.takes_cart}
            for each in self.wanted
            for token_hash in hashes.get(each.session, ())
        ]

    def _all(self, name: str) -> frozenset[Any]:
        return frozenset(chain.from_iterable(self._by_field[name]))
