"""The counters of promotions and codes in a relational database."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from secrets import randbelow
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Row,
    Table,
    and_,
    cast,
    func,
    or_,
    select,
)

from shop.adapters.sql.repositories.pricing.code_counters import (
    IS_SINGLE_USE,
    WAS_MADE,
    begins_with,
    codes_of,
    end_codes,
)
from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import promotion_counters
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.row_parameters import Columns
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    add_to_rows,
    delete_rows,
    update_rows,
)
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.pricing.promotion_counters import PromotionCounters
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    code_key,
    counter_key,
)

PARTS = 8
"""Orders take uses of a promotion without a limit from one of so many rows, so that few wait."""

COUNTERS = select(promotion_counters).order_by(promotion_counters.c.key)

_FIRST = counter_key("")

USED = (
    select(
        promotion_counters.c.promotion,
        cast(func.sum(promotion_counters.c.uses), BigInteger).label("uses"),
    )
    .where(begins_with(_FIRST))
    .group_by(promotion_counters.c.promotion)
)

# Statements are cached by it, and no two objects of a type are equal.
_DECIDED_BY: Columns = (("decided_by", BigInteger()),)


class SqlPromotionCounters(PromotionCounters):
    """The table of counters.

    A promotion has a row with what is left, and parts, which count uses while nothing limits them.
    The row counts all other uses, and those that are given back; only the sum means something.
    """

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection
        self._counters = SqlTableRepository(
            connection,
            COUNTERS,
            promotion_counters.c.key,
            to_entity=_counter,
            to_fields=_fields,
        )
        self._locked: set[str] = set()
        self._shared: set[str] = set()
        self._whole: set[str] = set()
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._decided_by: dict[str, int] = {}
        self._parts_saved: list[Fields] = []
        self._removed: list[Fields] = []
        self._codes_ended: list[Fields] = []

    async def get_many(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Return counters by key."""
        found = await self._counters.get_many(keys, by=promotion_counters.c.key)
        return {each.key: each for each in found}

    async def used(self, promotions: Collection[str]) -> Mapping[str, int]:
        """Return how many orders have each promotion."""
        rows = await self._connection.fetch_where_in(
            USED, promotion_counters.c.promotion, promotions
        )
        found = {row.promotion: row.uses for row in rows}
        return {each: found.get(each, 0) for each in promotions}

    async def lock(
        self, keys: Collection[str], shared: Collection[str] = ()
    ) -> Mapping[str, PromotionCounter]:
        """Like `get_many`, and lock the rows, of a shared counter one part."""
        # Without locks, the guard of the part replaces its lock.
        locks = self._connection.holds_locks
        parts = {self._part(each) if locks else each: each for each in shared}
        rows = await self._lock([*keys, *parts])
        self._locked |= {each.key for each in rows} & set(keys)
        found = {each.key: each for each in rows if each.key not in parts}
        for each in rows:
            if each.key in parts:
                key = parts[each.key]
                found[key] = replace(each, key=key)
                self._shared.add(key)
        return found

    async def lock_whole(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Like `lock`, with all parts."""
        rows = await self._lock([row for key in keys for row in (key, *_parts(key))])
        found = {each.key: each for each in rows if each.key in keys}
        self._locked |= found.keys()
        self._whole |= found.keys()
        return found

    async def lock_all(self, promotion: str) -> Mapping[str, PromotionCounter]:
        """Like `lock_whole`, with all codes."""
        rows = await self._counters.lock(
            LockOrder.PROMOTIONS, [promotion], by=promotion_counters.c.promotion
        )
        found = {each.key: each for each in rows if each.key not in _parts(counter_key(promotion))}
        self._locked |= found.keys()
        self._whole |= found.keys()
        return found

    async def single_use_codes(self, promotion: str, page: PageRequest[str]) -> Page[str, str]:
        """Return a page of the codes for one order each."""
        statement = COUNTERS.where(promotion_counters.c.promotion == promotion, IS_SINGLE_USE)
        if page.after is not None:
            statement = statement.where(promotion_counters.c.key > code_key(page.after))
        rows = await self._connection.fetch_all(statement.limit(page.limit + 1))
        return to_page(codes_of(rows), page, str)

    async def codes_made_at(self, promotion: str, at: datetime) -> Sequence[str]:
        """Return the codes that were made at this time."""
        statement = COUNTERS.where(
            promotion_counters.c.promotion == promotion,
            promotion_counters.c.created_at == at,
            WAS_MADE,
        )
        return sorted(codes_of(await self._connection.fetch_all(statement)))

    async def last_made_at(self, promotion: str) -> datetime | None:
        """Return when the newest codes were made."""
        statement = select(func.max(promotion_counters.c.created_at).label("at")).where(
            promotion_counters.c.promotion == promotion, WAS_MADE
        )
        (row,) = await self._connection.fetch_all(statement)
        last: datetime | None = row.at
        return last

    def add(self, counter: PromotionCounter) -> None:
        """Stage a new counter."""
        self._counters.add(counter)
        for part in _parts(counter.key):
            self._counters.add(replace(counter, key=part, uses_left=None))

    def save(self, counter: PromotionCounter) -> None:
        """Stage the new state of a counter."""
        self._counters.save(counter)
        self._require_locked(counter.key, self._whole)
        self._parts_saved += [
            {"key": part, "rules_version": counter.rules_version} for part in _parts(counter.key)
        ]

    def take(self, key: str, rules_version: int) -> None:
        """Stage that an order takes a use."""
        self._add(key, -1)
        self._decided_by[key] = rules_version

    def hold(self, key: str, rules_version: int) -> None:
        """Stage that an order has a promotion without a limit."""
        self._connection.require_staging()
        self._require_locked(key, self._shared)
        part = self._part(key)
        self._taken[part] -= 1
        self._decided_by[part] = rules_version

    def give_back(self, key: str) -> None:
        """Stage that an order gives a use back."""
        self._add(key, 1)

    def remove(self, key: str) -> None:
        """Stage the deletion of a counter."""
        self._connection.require_staging()
        self._removed += [{"key": each} for each in (key, *_parts(key))]

    def end_codes(self, promotion: str) -> None:
        """Stage that a promotion has no codes any more."""
        self._connection.require_staging()
        self._codes_ended.append({"promotion": promotion})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._counters.inserts()
        yield from self._counters.updates()
        yield from update_rows(
            promotion_counters,
            ["key"],
            self._parts_saved,
            error_if_incomplete=RuntimeError("locked counters of promotions are missing"),
        )
        yield from delete_rows(promotion_counters, self._removed)
        yield from end_codes(self._codes_ended)
        yield from add_to_rows(
            promotion_counters,
            "key",
            [
                {
                    "key": key,
                    "uses_left": uses,
                    "uses": -uses,
                    "decided_by": self._decided_by.get(key),
                }
                for key, uses in self._taken.items()
            ],
            allowed_if=_is_left,
            for_guard=_DECIDED_BY,
            error_if_incomplete=RuntimeError("locked counters of promotions are missing"),
        )

    @cached_property
    def _number_of_part(self) -> int:
        return randbelow(PARTS)

    def _part(self, key: str) -> str:
        return _parts(key)[self._number_of_part]

    async def _lock(self, keys: Collection[str]) -> Sequence[PromotionCounter]:
        return await self._counters.lock(LockOrder.PROMOTIONS, keys, by=promotion_counters.c.key)

    def _add(self, key: str, uses: int) -> None:
        self._connection.require_staging()
        self._require_locked(key, self._locked)
        self._taken[key] += uses

    def _require_locked(self, key: str, locked: Collection[str]) -> None:
        if key not in locked:
            raise RuntimeError(f"promotion_counters {key} was not locked in this unit of work")


def _is_left(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the addition only if uses are left, and for orders decided by rules of now."""
    left, decided_by = table.c.uses_left + rows.c.uses_left, rows.c.decided_by
    return and_(
        or_(table.c.uses_left.is_(None), left >= 0),
        or_(decided_by.is_(None), table.c.rules_version <= decided_by),
    )


def _parts(key: str) -> Sequence[str]:
    """Return the keys of a promotion's parts; codes have none."""
    return [f"{key}:{number}" for number in range(PARTS)] if key.startswith(_FIRST) else ()


def _counter(row: Row[Any]) -> PromotionCounter:
    return PromotionCounter(
        key=row.key,
        promotion=row.promotion,
        uses_left=row.uses_left,
        rules_version=row.rules_version,
        created_at=row.created_at,
    )


def _fields(counter: PromotionCounter) -> Fields:
    return {
        "key": counter.key,
        "promotion": counter.promotion,
        "uses_left": counter.uses_left,
        "rules_version": counter.rules_version,
        "created_at": counter.created_at,
    }
