"""The counters of promotions and codes in a relational database."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import promotion_counters
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.writes import Fields, PendingWrite, delete_rows
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.pricing.promotion_counters import PromotionCounters
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.pricing.promotions.promotion_uses import PromotionCounter, code_key

COUNTERS = select(promotion_counters).order_by(promotion_counters.c.key)

_FIRST_CODE = code_key("")
_IS_SINGLE_USE = (
    promotion_counters.c.key > _FIRST_CODE,
    # ';' follows ':', so this ends the codes.
    promotion_counters.c.key < _FIRST_CODE.replace(":", ";"),
    promotion_counters.c.uses_left.is_not(None),
)


class SqlPromotionCounters(PromotionCounters):
    """The table of counters."""

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._counters = SqlTableRepository(
            connection,
            COUNTERS,
            promotion_counters.c.key,
            to_entity=_counter,
            to_fields=_fields,
        )
        self._removed: list[Fields] = []
        self._ended: list[Fields] = []

    async def get_many(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Return counters by key."""
        found = await self._counters.get_many(keys, by=promotion_counters.c.key)
        return {each.key: each for each in found}

    async def lock(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Like `get_many`, and lock the rows."""
        found = await self._counters.lock(LockOrder.PROMOTIONS, keys, by=promotion_counters.c.key)
        return {each.key: each for each in found}

    async def single_use_codes(self, promotion: str, page: PageRequest[str]) -> Page[str, str]:
        """Return a page of the codes for one order each."""
        statement = COUNTERS.where(promotion_counters.c.promotion == promotion, *_IS_SINGLE_USE)
        if page.after is not None:
            statement = statement.where(promotion_counters.c.key > code_key(page.after))
        rows = await self._connection.fetch_all(statement.limit(page.limit + 1))
        return to_page(_codes(rows), page, str)

    async def codes_made_at(self, promotion: str, at: datetime) -> Sequence[str]:
        """Return the codes that were made at this time."""
        statement = COUNTERS.where(
            promotion_counters.c.promotion == promotion,
            promotion_counters.c.created_at == at,
            *_IS_SINGLE_USE,
        )
        return _codes(await self._connection.fetch_all(statement))

    async def last_made_at(self, promotion: str) -> datetime | None:
        """Return when the newest codes were made."""
        statement = select(func.max(promotion_counters.c.created_at).label("at")).where(
            promotion_counters.c.promotion == promotion, *_IS_SINGLE_USE
        )
        (row,) = await self._connection.fetch_all(statement)
        last: datetime | None = row.at
        return last

    def add(self, counter: PromotionCounter) -> None:
        """Stage a new counter."""
        self._counters.add(counter)

    def save(self, counter: PromotionCounter) -> None:
        """Stage the new state of a counter."""
        self._counters.save(counter)

    def remove(self, key: str) -> None:
        """Stage the deletion of a counter."""
        self._connection.require_staging()
        self._removed.append({"key": key})

    def remove_all(self, promotion: str) -> None:
        """Stage the deletion of all counters of a promotion."""
        self._connection.require_staging()
        self._ended.append({"promotion": promotion})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._counters.inserts()
        yield from self._counters.updates()
        yield from delete_rows(promotion_counters, self._removed)
        yield from delete_rows(promotion_counters, self._ended)


def _codes(rows: Sequence[Row[Any]]) -> Sequence[str]:
    return [row.key.removeprefix(_FIRST_CODE) for row in rows]


def _counter(row: Row[Any]) -> PromotionCounter:
    return PromotionCounter(
        key=row.key,
        promotion=row.promotion,
        uses_left=row.uses_left,
        created_at=row.created_at,
    )


def _fields(counter: PromotionCounter) -> Fields:
    return {
        "key": counter.key,
        "promotion": counter.promotion,
        "uses_left": counter.uses_left,
        "created_at": counter.created_at,
    }
