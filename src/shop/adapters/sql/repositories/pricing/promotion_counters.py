"""The counters of promotions and codes in a relational database."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Row,
    Table,
    Update,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)

from shop.adapters.sql.repositories.table_repository import SqlTableRepository
from shop.adapters.sql.schema.tables import promotion_counters
from shop.adapters.sql.statements.connection import SqlConnection
from shop.adapters.sql.statements.paging import to_page
from shop.adapters.sql.statements.row_parameters import Columns
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    WriteStatement,
    add_to_rows,
    delete_rows,
    lock_rows,
)
from shop.application.ports.paging import Page, PageRequest
from shop.application.ports.repositories.pricing.promotion_counters import PromotionCounters
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.pricing.promotions.promotion_uses import (
    PromotionCounter,
    code_key,
    ended_code_key,
)

COUNTERS = select(promotion_counters).order_by(promotion_counters.c.key)

_FIRST_CODE = code_key("")
_FIRST_ENDED_CODE = ended_code_key("")


def _begins_with(prefix: str) -> ColumnElement[bool]:
    key = promotion_counters.c.key
    # ';' follows ':', so this ends the codes.
    return and_(key > prefix, key < prefix.replace(":", ";"))


_IS_CODE = _begins_with(_FIRST_CODE)
_IS_SINGLE_USE = and_(_IS_CODE, promotion_counters.c.uses_left.is_not(None))
_WAS_MADE = or_(_IS_SINGLE_USE, _begins_with(_FIRST_ENDED_CODE))

# Statements are cached by it, and no two objects of a type are equal.
_DECIDED_BY: Columns = (("decided_by", BigInteger()),)


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
        self._locked: set[str] = set()
        self._shared: set[str] = set()
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._decided_by: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._removed: list[Fields] = []
        self._codes_ended: list[Fields] = []

    async def get_many(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Return counters by key."""
        found = await self._counters.get_many(keys, by=promotion_counters.c.key)
        return {each.key: each for each in found}

    async def lock(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Like `get_many`, and lock the rows."""
        found = await self._counters.lock(LockOrder.PROMOTIONS, keys, by=promotion_counters.c.key)
        self._locked |= {each.key for each in found}
        return {each.key: each for each in found}

    async def lock_shared(self, keys: Collection[str]) -> Mapping[str, PromotionCounter]:
        """Like `lock`, but other units of work can share the locks."""
        rows = await self._connection.fetch_where_in(
            COUNTERS, promotion_counters.c.key, keys, lock=LockOrder.PROMOTIONS, is_shared=True
        )
        self._shared |= {row.key for row in rows}
        return {row.key: _counter(row) for row in rows}

    async def single_use_codes(self, promotion: str, page: PageRequest[str]) -> Page[str, str]:
        """Return a page of the codes for one order each."""
        statement = COUNTERS.where(promotion_counters.c.promotion == promotion, _IS_SINGLE_USE)
        if page.after is not None:
            statement = statement.where(promotion_counters.c.key > code_key(page.after))
        rows = await self._connection.fetch_all(statement.limit(page.limit + 1))
        return to_page(_codes(rows), page, str)

    async def codes_made_at(self, promotion: str, at: datetime) -> Sequence[str]:
        """Return the codes that were made at this time."""
        statement = COUNTERS.where(
            promotion_counters.c.promotion == promotion,
            promotion_counters.c.created_at == at,
            _WAS_MADE,
        )
        return sorted(_codes(await self._connection.fetch_all(statement)))

    async def last_made_at(self, promotion: str) -> datetime | None:
        """Return when the newest codes were made."""
        statement = select(func.max(promotion_counters.c.created_at).label("at")).where(
            promotion_counters.c.promotion == promotion, _WAS_MADE
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

    def take(self, key: str, rules_version: int) -> None:
        """Stage that an order takes a use."""
        self._add(key, -1)
        self._decided_by[key] = rules_version

    def hold(self, key: str, rules_version: int) -> None:
        """Stage that an order has a promotion without a limit."""
        self._connection.require_staging()
        self._require_locked(key, self._locked | self._shared)
        self._held[key] = rules_version

    def give_back(self, key: str) -> None:
        """Stage that an order gives a use back."""
        self._add(key, 1)

    def remove(self, key: str) -> None:
        """Stage the deletion of a counter."""
        self._connection.require_staging()
        self._removed.append({"key": key})

    def end_codes(self, promotion: str) -> None:
        """Stage that a promotion has no codes any more."""
        self._connection.require_staging()
        self._codes_ended.append({"promotion": promotion})

    def pending_writes(self) -> Iterator[PendingWrite]:
        """Yield the staged writes."""
        yield from self._counters.inserts()
        yield from self._counters.updates()
        yield from delete_rows(promotion_counters, self._removed)
        if self._codes_ended:
            yield PendingWrite(
                statement=_EndSingleUseCodes(promotion_counters, ("promotion",)),
                rows=tuple(self._codes_ended),
                error_if_incomplete=None,
            )
        yield from delete_rows(promotion_counters, self._codes_ended, only_if=_is_shared_code)
        yield from add_to_rows(
            promotion_counters,
            "key",
            [
                {"key": key, "uses_left": uses, "decided_by": self._decided_by.get(key)}
                for key, uses in self._taken.items()
            ],
            allowed_if=_is_left,
            for_guard=_DECIDED_BY,
            error_if_incomplete=RuntimeError("locked counters of promotions are missing"),
        )
        if not self._connection.holds_locks:
            held = [{"key": key, "rules_version": each} for key, each in self._held.items()]
            yield from lock_rows(
                promotion_counters, "key", held, only_if=_is_unchanged, is_shared=True
            )

    def _add(self, key: str, uses: int) -> None:
        self._connection.require_staging()
        self._require_locked(key, self._locked)
        self._taken[key] += uses

    def _require_locked(self, key: str, locked: Collection[str]) -> None:
        if key not in locked:
            raise RuntimeError(f"promotion_counters {key} was not locked in this unit of work")


@dataclass(frozen=True, slots=True)
class _EndSingleUseCodes(WriteStatement):
    """Gives the codes for one order each of promotions the keys of codes that have ended."""

    def statement(self, rows: FromClause) -> Update:
        """Build the UPDATE."""
        key = self.table.c.key
        code = func.substr(key, len(_FIRST_CODE) + 1)
        return (
            update(self.table)
            .values(key=literal(_FIRST_ENDED_CODE, key.type) + code)
            .where(self.table.c.promotion.in_(select(rows.c.promotion)), _IS_SINGLE_USE)
        )


def _is_shared_code(table: Table, _: FromClause) -> ColumnElement[bool]:
    return and_(_IS_CODE, table.c.uses_left.is_(None))


def _is_left(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow the addition only if uses are left, and for orders decided by rules of now."""
    left, decided_by = table.c.uses_left + rows.c.uses_left, rows.c.decided_by
    return and_(
        or_(table.c.uses_left.is_(None), left >= 0),
        or_(decided_by.is_(None), table.c.rules_version <= decided_by),
    )


def _is_unchanged(table: Table, rows: FromClause) -> ColumnElement[bool]:
    """Allow orders that were decided by rules of now."""
    return table.c.rules_version <= rows.c.rules_version


def _codes(rows: Sequence[Row[Any]]) -> Sequence[str]:
    return [row.key.removeprefix(_FIRST_CODE).removeprefix(_FIRST_ENDED_CODE) for row in rows]


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
