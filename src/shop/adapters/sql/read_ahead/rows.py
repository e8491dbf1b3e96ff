"""The rows that were read ahead, as answers to the questions of repositories."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Executable, Select, Table, TableClause

from shop.adapters.sql.orders.refund_rows import REFUNDS
from shop.adapters.sql.read_ahead.wanted import CARD_USE, RULES, ReadAhead
from shop.adapters.sql.repositories.accounts import CUSTOMERS
from shop.adapters.sql.repositories.catalogue.variants import VARIANTS
from shop.adapters.sql.repositories.customers.customer_carts import CUSTOMER_CARTS
from shop.adapters.sql.repositories.inventories import INVENTORIES
from shop.adapters.sql.repositories.orders import ORDERS_WITH_LINES
from shop.adapters.sql.repositories.payments import PAYMENTS
from shop.adapters.sql.repositories.pricing.promotion_counters import COUNTERS
from shop.adapters.sql.repositories.pricing.rule_documents import CURRENT_RULES
from shop.adapters.sql.repositories.session_store import SESSIONS
from shop.adapters.sql.repositories.shipment_events import SHIPMENT_EVENTS
from shop.adapters.sql.repositories.users import USERS
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
from shop.adapters.sql.statements.card_use import DECLINED_SINCE, card_use_of
from shop.adapters.sql.statements.row_parameters import VALUES, PostgresqlRowParameters
from shop.adapters.sql.statements.writes import Fields
from shop.domain.pricing.promotions.promotion_uses import counter_key

RowsByTable = Mapping[TableClause, Sequence[Any]]

_CARD_USE_OF = card_use_of(PostgresqlRowParameters())

_Question = tuple[Select[Any], Column[Any]]


class RowsReadAhead:
    """The rows that were read, and for which values: those without a row do not exist."""

    def __init__(self, read_ahead: ReadAhead, rows: RowsByTable) -> None:
        self._rows = rows
        tokens = read_ahead.tokens
        found = self._rows.get(sessions, ())
        by_token = {tokens[each.token_hash]: each for each in found if each.token_hash in tokens}
        taken = [
            by_token[each.session]
            for each in read_ahead.wanted
            if each.takes_cart and each.session in by_token
        ]
        in_carts = self._skus_in(taken)
        session_users = {_buyer_id(each) for each in found}
        user_ids = session_users | {each.id for each in self._rows.get(users, ())}
        self._user_ids = user_ids
        self._card_use_since = read_ahead.card_use_since
        fulfilled = {each.id for each in rows.get(orders, ()) if each.has_fulfilment}
        questions: Mapping[_Question, AbstractSet[object]] = {
            (SESSIONS, sessions.c.token_hash): tokens.keys(),
            (SESSIONS, sessions.c.id): read_ahead.session_ids,
            (USERS, users.c.id): user_ids,
            (USERS, users.c.email): read_ahead.emails,
            (CUSTOMER_CARTS, customer_carts.c.user_id): session_users,
            (CUSTOMERS, accounts.c.user_id): user_ids,
            (VARIANTS, variants.c.sku): read_ahead.product_skus | in_carts,
            (INVENTORIES, inventories.c.sku): read_ahead.stock_skus | in_carts,
            (COUNTERS, promotion_counters.c.key): read_ahead.counter_keys
            | {counter_key(each.promotion) for each in rows.get(promotion_counters, ())},
            (ORDERS_WITH_LINES, orders.c.id): read_ahead.order_ids,
            (PAYMENTS, payments.c.order_id): read_ahead.order_ids,
            (SHIPMENT_EVENTS, shipment_events.c.order_id): fulfilled,
            (REFUNDS, refunds.c.order_id): fulfilled,
        }
        self._values = {
            (statement, column): values
            for (statement, column), values in questions.items()
            if column.table in self._rows
        }
        self._keys = frozenset(
            (_buyer_id(by_token[each.session]), each.idempotency_key)
            for each in read_ahead.wanted
            if each.session in by_token
        )

    def _skus_in(self, taken: Collection[Any]) -> AbstractSet[str]:
        """Return what is in the carts of these sessions, their own and those of their users."""
        users_of_carts = {each.user_id for each in taken}
        carts = self._rows.get(customer_carts, ())
        of_users = [each.lines for each in carts if each.user_id in users_of_carts]
        return frozenset().union(*(each.cart for each in taken), *of_users)

    def where_in(
        self, statement: Select[Any], column: Column[Any], values: Collection[object]
    ) -> Sequence[Any] | None:
        """Return the rows of a query where a column has one of the values; None if unknown."""
        known_values = self._values.get((statement, column))
        wanted = set(values)
        if known_values is None or not known_values >= wanted:
            return None
        rows = self._rows[column.table]
        return [each for each in rows if getattr(each, column.name) in wanted]

    @property
    def account_versions(self) -> Mapping[UUID, str]:
        """The versions of the rows of accounts, by id."""
        return {each.id: each.row_version for each in self._rows.get(accounts, ())}

    def answer(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        """Return the rules, or what users have begun by card, if that is asked and known."""
        if statement is CURRENT_RULES:
            # Whatever is known by now: each row says what was known when it was read.
            return self._rows.get(RULES)
        if statement is not _CARD_USE_OF or parameters[DECLINED_SINCE] != self._card_use_since:
            return None
        user_ids = set(parameters[VALUES])
        if not self._user_ids >= user_ids:
            return None
        return [each for each in self._rows[CARD_USE] if each.user_id in user_ids]

    def matching(self, table: Table, rows: Collection[Fields]) -> Sequence[Any] | None:
        """Return the idempotency keys that match; None if they, or the table, are unknown."""
        if table is not idempotency_keys:
            return None
        wanted = {(each["user_id"], each["key"]) for each in rows}
        if not self._keys >= wanted:
            return None
        return [each for each in self._rows[idempotency_keys] if (each.user_id, each.key) in wanted]


def _buyer_id(session: Any) -> UUID | None:  # noqa: ANN401  A row, of either engine.
    buyer_id: UUID | None = session.user_id or session.guest_id
    return buyer_id
