"""Finds products in a full-text index of SQLite.

FTS5 merges the lists of its tokens by row, from the newest, and stops at the limit. So a page of
a common word costs what a page of a rare one costs.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from sqlalchemy import BigInteger, Integer, TextualSelect, column, text

from shop.adapters.sql.search.conditions import FTS5
from shop.adapters.sql.search.hits import Hit, HitFinder
from shop.application.ports.repositories.catalogue.product_searches import SearchQuestion

NEWEST = 2**62
"""Higher than the number of any product."""


class SqliteHitFinder(HitFinder):
    """Asks for all tiers with one statement; SQLite begins none that is not needed."""

    async def find(self, question: SearchQuestion, after: Hit | None, limit: int) -> Sequence[Hit]:
        """Return hits of the tiers."""
        first = 0 if after is None else after.tier
        wanted = {tier: each for tier, each in _expressions(question) if tier >= first}
        rows = await self._connection.fetch_prepared(
            _select_hits(tuple(wanted), first),
            {
                **{f"match{tier}": each for tier, each in wanted.items()},
                "before": NEWEST if after is None else after.search_id,
                "number": limit,
            },
        )
        return [Hit(tier=row.tier, search_id=row.search_id) for row in rows]


def _expressions(question: SearchQuestion) -> Iterator[tuple[int, str]]:
    """Yield each tier without what meets the tier before; a tier like that one has nothing."""
    tiers, excluded = question.tiers, question.excluded
    yield 0, FTS5.write(tiers[0], excluded)
    for number, (before, tier) in enumerate(pairwise(tiers), start=1):
        if tier != before:
            yield number, FTS5.write_without(tier, before, excluded)


@cache
def _select_hits(tiers: tuple[int, ...], first: int) -> TextualSelect:
    """Select the hits of these tiers; of the first one those before a number."""
    parts = [
        f"SELECT * FROM (SELECT {tier} AS tier, rowid AS search_id FROM product_search"  # noqa: S608  Numbers.
        f" WHERE product_search MATCH :match{tier}"
        f" AND rowid < {':before' if tier == first else NEWEST}"
        " ORDER BY rowid DESC LIMIT :number)"
        for tier in tiers
    ]
    statement = text(f"{' UNION ALL '.join(parts)} LIMIT :number")
    return statement.columns(column("tier", Integer()), column("search_id", BigInteger()))
