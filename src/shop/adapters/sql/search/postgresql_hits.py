"""Finds products in an inverted index (GIN) of PostgreSQL.

The index returns all products with a token, in no order. For a common word that is most of the
table, so the newest products are looked through first: they have a page of such a word. What is
rare among them is rare in the index too.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Row,
    TextClause,
    TextualSelect,
    bindparam,
    column,
    func,
    select,
    text,
    true,
)
from sqlalchemy.dialects import postgresql

from shop.adapters.sql.search.conditions import TSQUERY
from shop.adapters.sql.search.hits import Hit, HitFinder
from shop.application.ports.repositories.catalogue.product_searches import SearchQuestion
from shop.domain.catalogue.search_terms import AnyTerm, Condition
from shop.domain.shared.value import value

WINDOW = 5000
"""How many of the newest products are looked through."""

NEWEST = 2**62
"""Higher than the number of any product."""

_SETTINGS = {
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
}

SETTINGS = select(
    *(func.set_config(name, setting, true()).label(name) for name, setting in _SETTINGS.items())
)
"""A searcher takes one processor at most, and plans do not depend on the words."""

_HIT = (column("tier", Integer()), column("search_id", BigInteger()))
_SEEN = column("seen", Integer())


@value
class _Span:
    """Some tiers that follow each other, of products before a number."""

    tiers: Sequence[Condition]
    excluded: AnyTerm
    first: int
    last: int
    before: int

    @property
    def better(self) -> int:
        """The first tier that has to be compared, to know what is in the first of these."""
        return max(self.first - 1, 0)

    @property
    def parameters(self) -> dict[str, Any]:
        """The conditions: all of the last tier are found, and each has the best that it meets."""
        compared = range(self.better, self.last + 1)
        return {
            **{f"tier{number}": TSQUERY.write(self.tiers[number]) for number in compared},
            "found": TSQUERY.write(self.tiers[self.last], self.excluded),
            "first": self.first,
            "before": self.before,
        }


class PostgresqlHitFinder(HitFinder):
    """Looks through the newest products, then asks the index for what they do not answer."""

    _is_set = False

    async def find(self, question: SearchQuestion, after: Hit | None, limit: int) -> Sequence[Hit]:
        """Return hits of the tiers."""
        if not self._is_set:
            await self._connection.fetch_prepared(SETTINGS, {})
            self._is_set = True
        tiers, excluded = question.tiers, question.excluded
        last = len(tiers) - 1
        start, before = (0, NEWEST) if after is None else (after.tier, after.search_id)
        hits: Sequence[Hit] = ()
        if before != NEWEST:
            same = _Span(tiers=tiers, excluded=excluded, first=start, last=start, before=before)
            hits, start = await self._find(same, limit), start + 1
        if len(hits) < limit and start <= last:
            rest = _Span(tiers=tiers, excluded=excluded, first=start, last=last, before=NEWEST)
            hits = [*hits, *await self._find(rest, limit - len(hits))]
        return hits

    async def _find(self, span: _Span, limit: int) -> Sequence[Hit]:
        window = max(WINDOW, limit)
        rows = await self._connection.fetch_prepared(
            _select_newest(span.better, span.last),
            {**span.parameters, "number": limit, "window": window},
        )
        is_whole = rows[0].seen < window
        found = _hits(row for row in rows if row.tier is not None)
        full = next(
            (tier for tier, hits in groupby(found, _tier) if len(list(hits)) == limit), None
        )
        if is_whole or full == span.first:
            return found[:limit]
        unknown = span if full is None else _until(span, full - 1)
        rows = await self._connection.fetch_prepared(
            _select_indexed(unknown.better, unknown.last), {**unknown.parameters, "number": limit}
        )
        return [*_hits(rows), *(hit for hit in found if hit.tier == full)][:limit]


def _until(span: _Span, last: int) -> _Span:
    return _Span(
        tiers=span.tiers,
        excluded=span.excluded,
        first=span.first,
        last=last,
        before=span.before,
    )


def _hits(rows: Iterable[Row[Any]]) -> list[Hit]:
    return [Hit(tier=row.tier, search_id=row.search_id) for row in rows]


def _tier(hit: Hit) -> int:
    return hit.tier


def _case(first: int, last: int) -> str:
    tiers = range(first, last + 1)
    return f"CASE {' '.join(f'WHEN tokens @@ :tier{each} THEN {each}' for each in tiers)} END"


@cache
def _select_newest(first: int, last: int) -> TextualSelect:
    """Select at most a page of hits of each tier among the newest; and how many were seen."""
    statement = (
        "WITH newest AS MATERIALIZED (SELECT search_id, tokens FROM product_texts"  # noqa: S608  Numbers.
        " WHERE search_id < :before ORDER BY search_id DESC LIMIT :window),"
        f" hits AS (SELECT {_case(first, last)} AS tier, search_id FROM newest"
        " WHERE tokens @@ :found),"
        " best AS (SELECT tier, search_id,"
        " row_number() OVER (PARTITION BY tier ORDER BY search_id DESC) AS place"
        " FROM hits WHERE tier >= :first)"
        " SELECT seen, tier, search_id FROM (SELECT count(*) AS seen FROM newest) counted"
        " LEFT JOIN best ON place <= :number ORDER BY tier, search_id DESC"
    )
    return _typed(statement, first, last, "window").columns(_SEEN, *_HIT)


@cache
def _select_indexed(first: int, last: int) -> TextualSelect:
    """Select a page of hits from the index."""
    statement = (
        f"SELECT tier, search_id FROM (SELECT {_case(first, last)} AS tier, search_id"  # noqa: S608  Numbers.
        " FROM product_texts WHERE tokens @@ :found AND search_id < :before) hits"
        " WHERE tier >= :first ORDER BY tier, search_id DESC LIMIT :number"
    )
    return _typed(statement, first, last).columns(*_HIT)


def _typed(statement: str, first: int, last: int, *numbers: str) -> TextClause:
    """Declare the parameters; a condition as a text would be parsed again for each row."""
    conditions = ("found", *(f"tier{each}" for each in range(first, last + 1)))
    return text(statement).bindparams(
        bindparam("before", type_=BigInteger()),
        *(bindparam(name, type_=Integer()) for name in ("first", "number", *numbers)),
        *(bindparam(name, type_=postgresql.TSQUERY()) for name in conditions),
    )
