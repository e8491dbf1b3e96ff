"""The hits of rate limits in a relational database."""

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, Update, bindparam, case, delete, select, text, update

from shop.adapters.sql.schema.tables import rate_limits
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.row_parameters import ROWS, RowParameters
from shop.adapters.sql.statements.writes import Fields, columns_of
from shop.application.ports.repositories.rate_limits import HitCount, Hits, RateLimits
from shop.application.ports.unit_of_work import LockOrder

COLUMNS = columns_of(rate_limits, ("key", "hits", "expires_at"))
HITS = select(rate_limits).order_by(rate_limits.c.key)


class SqlRateLimits(RateLimits):
    """The table of rate limits.

    Its keys are keyed hashes, so that neither the table nor the operator's secrets alone reveal an
    e-mail address, an IP address or a password.
    """

    def __init__(self, connection: SqlConnection, hash_key: Callable[[], bytes]) -> None:
        self._connection = connection
        self._hash_key = hash_key

    async def add(self, hits: Sequence[Hits], now: datetime) -> Mapping[str, HitCount]:
        """Add hits with one statement; return the sums by key."""
        self._connection.acquire(LockOrder.RATE_LIMITS)
        if not hits:
            return {}
        keys = {self._hash(each.key): each.key for each in hits}
        rows = [
            {"key": self._hash(each.key), "hits": each.amount, "expires_at": now + each.window}
            for each in hits
        ]
        parameters = {**self._bind(rows), "now": now}
        found = await self._connection.fetch_all(
            _add_hits(self._connection.row_parameters), parameters
        )
        return {
            keys[row.key]: HitCount(amount=row.hits, expires_at=row.expires_at) for row in found
        }

    async def subtract(self, amounts: Mapping[str, int], now: datetime) -> None:
        """Take hits back, after locking their rows in the common order."""
        if not await self._lock(amounts):
            return
        rows = [
            {"key": self._hash(key), "hits": amount, "expires_at": now}
            for key, amount in amounts.items()
        ]
        await self._connection.execute(
            _subtract_hits(self._connection.row_parameters), self._bind(rows)
        )

    async def get_many(self, keys: Collection[str], now: datetime) -> Mapping[str, HitCount]:
        """Return the hits of keys that have a current window."""
        hashes = {self._hash(key): key for key in keys}
        rows = await self._connection.fetch_where_in(HITS, rate_limits.c.key, hashes)
        return {
            hashes[row.key]: HitCount(amount=row.hits, expires_at=row.expires_at)
            for row in rows
            if row.expires_at > now
        }

    async def remove(self, keys: Collection[str]) -> None:
        """Delete the hits of these keys, after locking their rows in the common order."""
        if not await self._lock(keys):
            return
        row_parameters = self._connection.row_parameters
        statement = delete(rate_limits).where(row_parameters.is_in(rate_limits.c.key))
        hashes = [self._hash(key) for key in keys]
        await self._connection.execute(
            statement, row_parameters.bind_values(rate_limits.c.key.type, hashes)
        )

    async def purge_expired(self, now: datetime) -> int:
        """Delete the hits of windows that have ended."""
        self._connection.require_staging()
        return await self._connection.execute(
            delete(rate_limits).where(rate_limits.c.expires_at <= now)
        )

    async def _lock(self, keys: Collection[str]) -> bool:
        rows = await self._connection.fetch_where_in(
            HITS,
            rate_limits.c.key,
            [self._hash(key) for key in keys],
            lock=LockOrder.RATE_LIMITS,
        )
        return bool(rows)

    def _bind(self, rows: Sequence[Fields]) -> dict[str, object]:
        return self._connection.row_parameters.bind_rows(COLUMNS, ROWS, rows)

    def _hash(self, key: str) -> str:
        return hmac.digest(self._hash_key(), key.encode(), hashlib.sha256).hex()


@cache
def _add_hits(row_parameters: RowParameters) -> Executable:
    """Build the INSERT that adds to existing rows, and restarts windows that ended."""
    rows = row_parameters.rows_from(COLUMNS, ROWS)
    # Without a WHERE, SQLite would read ON CONFLICT as part of a join. The order is that of locks.
    given = select(*rows.c).where(text("1 = 1")).order_by(rows.c.key)
    statement = row_parameters.insert_or_update(rate_limits).from_select(
        [name for name, _ in COLUMNS], given
    )
    added = statement.excluded
    has_ended = rate_limits.c.expires_at <= bindparam("now", type_=rate_limits.c.expires_at.type)
    return statement.on_conflict_do_update(
        index_elements=[rate_limits.c.key],
        set_={
            "hits": case((has_ended, added.hits), else_=rate_limits.c.hits + added.hits),
            "expires_at": case((has_ended, added.expires_at), else_=rate_limits.c.expires_at),
        },
    ).returning(rate_limits.c.key, rate_limits.c.hits, rate_limits.c.expires_at)


@cache
def _subtract_hits(row_parameters: RowParameters) -> Update:
    rows = row_parameters.rows_from(COLUMNS, ROWS)
    rest = rate_limits.c.hits - rows.c.hits
    return (
        update(rate_limits)
        .values(hits=case((rest > 0, rest), else_=0))
        # The rows' time is now: windows that have ended stay as they are.
        .where(rate_limits.c.key == rows.c.key, rate_limits.c.expires_at > rows.c.expires_at)
    )
