"""The statement that reads what a group of commands needs: no lock, no transaction."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Dialect,
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
from sqlalchemy.types import TypeEngine

from shop.adapters.sql.schema.column_types import UtcDateTime
from shop.adapters.sql.schema.tables import (
    accounts,
    idempotency_keys,
    inventories,
    orders,
    payments,
    products,
    sessions,
    users,
)
from shop.adapters.sql.statements.card_use import DECLINED_SINCE, select_card_use
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted

CARD_USE = table("card_use", column("user_id", Uuid()), column("first_attempt_at", UtcDateTime()))
"""Not stored, but counted: what the users have begun by card."""

_TABLES: Mapping[TableClause, Collection[str]] = {
    sessions: ("session", "session_ids"),
    users: ("session", "session_ids", "emails"),
    accounts: ("has_account",),
    idempotency_keys: ("idempotency_key",),
    products: ("product_skus", "takes_cart"),
    inventories: ("product_skus", "takes_cart", "stock_skus"),
    orders: ("order_ids",),
    payments: ("order_ids",),
    CARD_USE: ("card_use_since",),
}
"""The tables that are read, and the fields of `RowsWanted` for which they are."""

# Arrays instead of joins, so that the plan is an index lookup whatever the statistics say. OFFSET 0
# keeps PostgreSQL from making a join of a subquery. FOR KEY SHARE locks no row here, but fails with
# 25006 on a server that is read-only by now: what it knows may be out of date.
_WITH = """
WITH
primary_server AS MATERIALIZED (SELECT FROM sessions WHERE false FOR KEY SHARE),
wanted AS MATERIALIZED (
    SELECT * FROM json_to_recordset(CAST(:wanted AS json))
    AS each (token_hash text, key text, takes_cart boolean)
),
found AS MATERIALIZED (
    SELECT * FROM sessions
    WHERE token_hash = ANY (ARRAY(SELECT token_hash FROM wanted)){or_session_ids}
),
people AS MATERIALIZED (
    SELECT * FROM users WHERE id = ANY (ARRAY(SELECT user_id FROM found)){or_emails}
),
carts AS MATERIALIZED (
    SELECT ARRAY(
        SELECT json_object_keys(CAST(cart AS json))
        FROM found JOIN wanted USING (token_hash) WHERE takes_cart
    ) AS skus
)
SELECT clock_timestamp() AS read_at, EXISTS (SELECT FROM primary_server) AS is_locked"""

_OR_SESSION_IDS = " OR id = ANY (:session_ids)"
_OR_EMAILS = " OR email = ANY (:emails)"

_FOUND = table("found", column("user_id", Uuid()))
_DIALECT: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's.
_CARD_USE = select_card_use(
    lambda user_id: user_id == func.any(func.array(select(_FOUND.c.user_id).scalar_subquery())),
    since=literal_column(f":{DECLINED_SINCE}"),
).compile(dialect=_DIALECT)

_ROWS: Mapping[TableClause, str] = {
    sessions: "found AS sessions",
    users: "people AS users",
    # A decision on the use of cards holds as long as the row's version, which no column has.
    accounts: """(
        SELECT accounts.*, CAST(accounts.xmin AS text) AS row_version
        FROM accounts WHERE user_id = ANY (ARRAY(SELECT id FROM people))
    ) AS accounts""",
    idempotency_keys: """
        wanted JOIN found USING (token_hash) CROSS JOIN LATERAL (
            SELECT * FROM idempotency_keys
            WHERE user_id = found.user_id AND key = wanted.key OFFSET 0
        ) AS idempotency_keys""",
    products: "products WHERE sku = ANY (:product_skus || (SELECT skus FROM carts))",
    inventories: "inventories WHERE sku = ANY (:stock_skus || (SELECT skus FROM carts))",
    orders: """(
        SELECT orders.*, lines.sku, lines.name, lines.quantity, lines.unit_price
        FROM orders CROSS JOIN LATERAL (
            SELECT * FROM order_lines WHERE order_id = orders.id OFFSET 0
        ) AS lines
        WHERE orders.id = ANY (:order_ids) ORDER BY orders.id, lines.position
    ) AS orders""",
    payments: "payments WHERE order_id = ANY (:order_ids)",
    CARD_USE: f"({_CARD_USE}) AS card_use",
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
    DECLINED_SINCE: UtcDateTime(),
}


class ReadAhead:
    """What a group of commands wants, with its statement; `tokens` are theirs, by stored hash."""

    def __init__(self, wanted: Collection[RowsWanted], tokens: Mapping[str, SessionToken]) -> None:
        self.wanted = wanted
        self.tokens = tokens
        names = {name for names in _TABLES.values() for name in names}
        fields = {name for name in names if any(getattr(each, name) for each in wanted)}
        self.tables = tuple(each for each, names in _TABLES.items() if not fields.isdisjoint(names))
        self.session_ids = self._all("session_ids")
        self.emails = self._all("emails")
        self.product_skus = self._all("product_skus")
        self.stock_skus = self.product_skus | self._all("stock_skus")
        self.order_ids = self._all("order_ids")
        times = [each.card_use_since for each in wanted if each.card_use_since is not None]
        self.card_use_since = min(times, default=None)

    @property
    def statement(self) -> TextClause:
        """The statement, whose one row has the rows of each table as a JSON text."""
        return _statement(self.tables, bool(self.session_ids), bool(self.emails))

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters of the statement."""
        hashes: dict[SessionToken | None, list[str]] = {}
        for token_hash, token in self.tokens.items():
            hashes.setdefault(token, []).append(token_hash)
        wanted = [
            {"token_hash": token_hash, "key": each.idempotency_key, "takes_cart": each.takes_cart}
            for each in self.wanted
            for token_hash in hashes.get(each.session, ())
        ]
        given = {
            "wanted": orjson.dumps(wanted).decode(),
            "session_ids": list(self.session_ids),
            "emails": list(self.emails),
            "product_skus": sorted(self.product_skus),
            "stock_skus": sorted(self.stock_skus),
            "order_ids": list(self.order_ids),
            DECLINED_SINCE: self.card_use_since,
        }
        return {name: given[name] for name in _parameter_names(self.statement)}

    def _all(self, name: str) -> frozenset[Any]:
        return frozenset(value for each in self.wanted for value in getattr(each, name))


@cache
def _statement(
    tables: tuple[TableClause, ...],
    by_session_ids: bool,  # noqa: FBT001  The cache's key has positional parameters only.
    by_emails: bool,  # noqa: FBT001  As above.
) -> TextClause:
    begin = _WITH.format(
        or_session_ids=_OR_SESSION_IDS if by_session_ids else "",
        or_emails=_OR_EMAILS if by_emails else "",
    )
    columns = [
        f"({_AS_JSON.format(each.name)} FROM {_ROWS[each]}) AS {each.name}" for each in tables
    ]
    statement = text(",\n".join([begin, *columns]))
    return statement.bindparams(
        *(bindparam(name, type_=_PARAMETERS[name]) for name in _parameter_names(statement))
    )


@cache
def _parameter_names(statement: TextClause) -> Collection[str]:
    return tuple(name for name in _PARAMETERS if f":{name}" in statement.text)
