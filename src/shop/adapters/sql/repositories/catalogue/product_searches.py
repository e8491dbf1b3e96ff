"""The search for products in a relational database."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Row, Select

from shop.adapters.sql.schema.tables import products
from shop.adapters.sql.search.facts import select_categories, select_options, select_prices
from shop.adapters.sql.search.hits import Hit, HitFinder
from shop.adapters.sql.search.rows import (
    NUMBER,
    parameters_of,
    position_parameters,
    select_passing,
    select_sorted,
    select_walked,
    shape_of,
)
from shop.adapters.sql.search.texts import ProductTexts
from shop.adapters.sql.statements.connection import SqlConnection
from shop.application.ports.paging import Page
from shop.application.ports.repositories.catalogue.product_searches import (
    MAX_COUNTED_VARIANTS,
    MAX_HITS,
    HitFacts,
    ProductSearches,
    ProductSort,
    SearchFilter,
    SearchPosition,
    SearchQuestion,
)
from shop.domain.shared.value import value

FIRST_BATCH = 16
GROWTH = 4
"""Of hits that are compared with a filter: the first batch, and by what the next is larger."""


@value
class _Candidate:
    """A product that meets the conditions, and whether it passes the filters by price and stock."""

    handle: str
    position: SearchPosition
    passes: bool


_Candidates = Callable[[SearchPosition | None, int], Awaitable[Sequence[_Candidate]]]
"""Returns so many candidates after a position; fewer if there are no more."""


class SqlProductSearches(ProductSearches):
    """Finds numbers of products in the engine's index, and the products by their numbers."""

    def __init__(self, connection: SqlConnection, finder: HitFinder) -> None:
        self._connection = connection
        self._finder = finder
        self._texts = ProductTexts(connection)

    async def find(self, question: SearchQuestion) -> Page[str, SearchPosition]:
        """Return a page of handles."""
        if question.sort in (ProductSort.RELEVANCE, ProductSort.NEWEST):
            return await _fill_page(question, self._hits_of(question))
        if question.is_of_all_on_sale:
            return await _fill_page(question, self._products_of(question))
        return await self._sort_hits(question)

    async def facts(self, question: SearchQuestion) -> HitFacts:
        """Return what the newest hits are."""
        hits = await self._finder.find(question.newest_first, None, MAX_HITS + 1)
        numbers = [each.search_id for each in hits[:MAX_HITS]]
        kept, shape = question.filter, shape_of(question.filter)
        parameters = self._connection.row_parameters
        prices = await self._numbered(select_prices(parameters, shape), numbers, kept)
        categories = await self._numbered(select_categories(parameters, shape), numbers, kept)
        options = await self._numbered(select_options(parameters, shape), numbers, kept)
        return HitFacts(
            total=len(hits) if len(hits) > MAX_HITS else sum(row.number for row in prices),
            prices=[(row.min_price, row.number) for row in prices if row.min_price is not None],
            categories=_counted((frozenset(chain(*row.slugs)), row.number) for row in categories),
            options={(row.key, row.value): row.number for row in options},
            counts_all_variants=all(row.seen <= MAX_COUNTED_VARIANTS for row in options),
        )

    def put(self, handle: str, tokens: Sequence[str]) -> None:
        """Stage the tokens of a product."""
        self._texts.put(handle, tokens)

    async def write_texts(self) -> None:
        """Write the staged tokens; their products are written."""
        await self._texts.write()

    def _hits_of(self, question: SearchQuestion) -> _Candidates:
        async def hits_after(after: SearchPosition | None, number: int) -> Sequence[_Candidate]:
            start = None if after is None else Hit(tier=after.rank, search_id=int(after.key))
            hits = await self._finder.find(question, start, number)
            statement = select_passing(self._connection.row_parameters, shape_of(question.filter))
            numbers = [each.search_id for each in hits]
            rows = await self._numbered(statement, numbers, question.filter)
            handles = {row.search_id: row.sku for row in rows}
            return [
                _Candidate(
                    handle=handles.get(each.search_id, ""),
                    position=SearchPosition(rank=each.tier, key=str(each.search_id)),
                    passes=each.search_id in handles,
                )
                for each in hits
            ]

        return hits_after

    def _products_of(self, question: SearchQuestion) -> _Candidates:
        kept, sort = question.filter, question.sort

        async def products_after(after: SearchPosition | None, number: int) -> Sequence[_Candidate]:
            rows = await self._connection.fetch_prepared(
                select_walked(shape_of(kept), sort, after is not None),
                {**parameters_of(kept), **position_parameters(sort, after), NUMBER: number},
            )
            return [
                _Candidate(handle=row.sku, position=_position(row, sort), passes=row.passes)
                for row in rows
            ]

        return products_after

    async def _sort_hits(self, question: SearchQuestion) -> Page[str, SearchPosition]:
        hits = await self._finder.find(question, None, MAX_HITS)
        kept, sort, page = question.filter, question.sort, question.page
        rows = await self._numbered(
            select_sorted(
                self._connection.row_parameters, shape_of(kept), sort, page.after is not None
            ),
            [each.search_id for each in hits],
            kept,
            **position_parameters(sort, page.after),
            **{NUMBER: page.limit + 1},
        )
        shown = rows[: page.limit]
        return Page(
            items=[row.sku for row in shown],
            next=_position(shown[-1], sort) if len(rows) > len(shown) else None,
        )

    async def _numbered(
        self,
        statement: Select[Any],
        numbers: Collection[int],
        kept: SearchFilter,
        **parameters: object,
    ) -> Sequence[Row[Any]]:
        if not numbers:
            return ()
        values = self._connection.row_parameters.bind_values(products.c.search_id.type, numbers)
        return await self._connection.fetch_prepared(
            statement, {**values, **parameters_of(kept), **parameters}
        )


async def _fill_page(
    question: SearchQuestion, candidates_after: _Candidates
) -> Page[str, SearchPosition]:
    limit, position = question.page.limit, question.page.after
    batch = max(FIRST_BATCH, 2 * limit) if question.filter.compares_rows else limit + 1
    shown: list[_Candidate] = []
    seen = 0
    while True:
        candidates = await candidates_after(position, batch)
        shown += [each for each in candidates if each.passes]
        seen += len(candidates)
        if len(shown) > limit:
            following: SearchPosition | None = shown[limit - 1].position
        elif len(candidates) < batch:
            following = None
        elif seen >= MAX_HITS:
            following = candidates[-1].position
        else:
            position, batch = candidates[-1].position, min(batch * GROWTH, MAX_HITS - seen)
            continue
        return Page(items=[each.handle for each in shown[:limit]], next=following)


def _counted(rows: Iterable[tuple[frozenset[str], int]]) -> Mapping[frozenset[str], int]:
    counts: Counter[frozenset[str]] = Counter()
    for slugs, number in rows:
        counts[slugs] += number
    return counts


def _position(row: Row[Any], sort: ProductSort) -> SearchPosition:
    by_price = sort in (ProductSort.PRICE, ProductSort.PRICE_DESCENDING)
    return SearchPosition(rank=row.min_price if by_price else 0, key=row.sku)
