"""The codes among the counters of promotions: which rows they are, and how they end."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
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

from shop.adapters.sql.schema.tables import promotion_counters
from shop.adapters.sql.statements.writes import (
    Fields,
    PendingWrite,
    WriteStatement,
    delete_rows,
)
from shop.domain.pricing.promotions.promotion_uses import code_key, ended_code_key

_FIRST_CODE = code_key("")
_FIRST_ENDED_CODE = ended_code_key("")


def begins_with(prefix: str) -> ColumnElement[bool]:
    """Return the condition that a key has this prefix, which ends with a colon."""
    key = promotion_counters.c.key
    # ';' follows ':', so this ends the keys.
    return and_(key > prefix, key < prefix.replace(":", ";"))


_IS_CODE = begins_with(_FIRST_CODE)
IS_SINGLE_USE = and_(_IS_CODE, promotion_counters.c.uses_left.is_not(None))
"""The condition of codes for one order."""

WAS_MADE = or_(IS_SINGLE_USE, begins_with(_FIRST_ENDED_CODE))
"""The condition of codes for one order, also of those that have ended."""


def codes_of(rows: Sequence[Row[Any]]) -> Sequence[str]:
    """Return the codes of counters."""
    return [row.key.removeprefix(_FIRST_CODE).removeprefix(_FIRST_ENDED_CODE) for row in rows]


def end_codes(promotions: Collection[Fields]) -> Iterator[PendingWrite]:
    """Give the codes for one order each other keys, and delete those of all customers."""
    if promotions:
        yield PendingWrite(
            statement=_EndSingleUseCodes(promotion_counters, ("promotion",)),
            rows=tuple(promotions),
            error_if_incomplete=None,
        )
    yield from delete_rows(promotion_counters, promotions, only_if=_is_shared_code)


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
            .where(self.table.c.promotion.in_(select(rows.c.promotion)), IS_SINGLE_USE)
        )


def _is_shared_code(table: Table, _: FromClause) -> ColumnElement[bool]:
    return and_(_IS_CODE, table.c.uses_left.is_(None))
