"""The search for products in memory."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from shop.adapters.memory.engine.database import ProductText, State
from shop.adapters.memory.engine.transaction import MemoryTransaction
from shop.application.ports.paging import Page
from shop.application.ports.repositories.catalogue.product_searches import (
    MAX_HITS,
    HitFacts,
    ProductSearches,
    ProductSort,
    SearchFilter,
    SearchPosition,
    SearchQuestion,
)
from shop.domain.catalogue.search_terms import Condition, meets
from shop.domain.shared.value import value

_Key = tuple[int | str, int | str]

_LAST = "\U0010ffff"
"""After every name, because nothing follows a product that does not exist."""


@value
class _Hit:
    """A product that meets the conditions, in the best tier that it meets."""

    text: ProductText
    tier: int
    name: str
    price: int | None
    in_stock: bool

    def passes(self, search_filter: SearchFilter) -> bool:
        """Compare the price and the stock with the filter."""
        if search_filter.in_stock and not self.in_stock:
            return False
        lowest, highest = search_filter.min_price, search_filter.max_price
        if lowest is None and highest is None:
            return True
        if self.price is None:
            return False
        return (lowest is None or lowest <= self.price) and (
            highest is None or self.price <= highest
        )

    def key(self, sort: ProductSort) -> _Key:
        """Return what the hit is sorted by."""
        match sort:
            case ProductSort.RELEVANCE | ProductSort.NEWEST:
                return self.tier, -self.text.search_id
            case ProductSort.PRICE | ProductSort.PRICE_DESCENDING:
                return self.price or 0, self.text.handle
            case ProductSort.NAME:
                return self.name, self.text.handle
            case ProductSort.HANDLE:
                return self.text.handle, ""

    def position(self, sort: ProductSort) -> SearchPosition:
        """Return the position of the hit in a list."""
        match sort:
            case ProductSort.RELEVANCE | ProductSort.NEWEST:
                return SearchPosition(rank=self.tier, key=str(self.text.search_id))
            case ProductSort.PRICE | ProductSort.PRICE_DESCENDING:
                return SearchPosition(rank=self.price or 0, key=self.text.handle)
            case ProductSort.NAME | ProductSort.HANDLE:
                return SearchPosition(rank=0, key=self.text.handle)


class MemoryProductSearches(ProductSearches):
    """Compares the tokens of all products."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._transaction = transaction
        self._staged: dict[str, tuple[str, ...]] = {}

    async def find(self, question: SearchQuestion) -> Page[str, SearchPosition]:
        """Return a page of handles."""
        sort, page = question.sort, question.page
        hits = self._hits(question)
        if sort in (ProductSort.PRICE, ProductSort.PRICE_DESCENDING):
            hits = [each for each in hits if each.price is not None]
        descends = sort is ProductSort.PRICE_DESCENDING
        found = sorted(hits, key=lambda each: each.key(sort), reverse=descends)
        if page.after is not None:
            start = self._key_at(page.after, sort)
            found = [
                each
                for each in found
                if (each.key(sort) < start if descends else each.key(sort) > start)
            ]
        passing = [each for each in found if each.passes(question.filter)]
        shown = passing[: page.limit]
        return Page(
            items=[each.text.handle for each in shown],
            next=shown[-1].position(sort) if len(passing) > len(shown) else None,
        )

    async def facts(self, question: SearchQuestion) -> HitFacts:
        """Return what the newest hits are."""
        hits = self._hits(question.newest_first)
        passing = [each for each in hits[:MAX_HITS] if each.passes(question.filter)]
        handles = {each.text.handle for each in passing}
        prices = Counter(each.price for each in passing if each.price is not None)
        return HitFacts(
            total=len(hits) if len(hits) > MAX_HITS else len(passing),
            prices=sorted(prices.items()),
            categories=self._count_categories(handles),
            options=self._count_options(handles),
        )

    def _count_categories(self, handles: Collection[str]) -> Mapping[frozenset[str], int]:
        slugs: dict[str, set[str]] = {}
        for row in self._transaction.state.product_categories.rows:
            if row.handle in handles:
                slugs.setdefault(row.handle, set()).add(row.slug)
        return Counter(map(frozenset, slugs.values()))

    def _count_options(self, handles: Collection[str]) -> Mapping[tuple[str, str], int]:
        values = {
            (each.product, chosen.name, chosen.value)
            for each in self._transaction.state.variants.rows.values()
            if each.product in handles and each.is_for_sale
            for chosen in each.options
        }
        return Counter((name, chosen) for _, name, chosen in values)

    def put(self, handle: str, tokens: Sequence[str]) -> None:
        """Stage the tokens of a product."""
        self._transaction.require_writing()
        self._staged[handle] = tuple(tokens)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        texts = state.product_texts
        newest = max((each.search_id for each in texts.rows.values()), default=0)
        added: list[ProductText] = []
        saved: list[ProductText] = []
        for handle, tokens in self._staged.items():
            existing = texts.rows.get(handle)
            if existing is None:
                newest += 1
                added.append(ProductText(handle=handle, search_id=newest, tokens=frozenset(tokens)))
            else:
                saved.append(replace(existing, tokens=frozenset(tokens)))
        return replace(state, product_texts=texts.with_changes(added=added, saved=saved))

    def _hits(self, question: SearchQuestion) -> list[_Hit]:
        """Return the newest hits first."""
        tiers, excluded = question.tiers, question.excluded
        hits = [
            self._hit(text, tier)
            for text in self._transaction.state.product_texts.rows.values()
            if not any(each.is_in(text.tokens) for each in excluded)
            for tier in _first_met(tiers, text)
        ]
        return sorted(hits, key=lambda each: -each.text.search_id)

    def _hit(self, text: ProductText, tier: int) -> _Hit:
        state = self._transaction.state
        product = state.products.rows[text.handle]
        sold = [each for each in product.current_variants if product.sells(each)]
        stocks = [state.inventories.rows.get(each.sku) for each in sold]
        prices = [each.price.amount for each in product.variants if each.is_sold]
        return _Hit(
            text=text,
            tier=tier,
            name=product.name,
            price=min(prices, default=None),
            in_stock=any(each is not None and each.available > 0 for each in stocks),
        )

    def _key_at(self, position: SearchPosition, sort: ProductSort) -> _Key:
        match sort:
            case ProductSort.RELEVANCE | ProductSort.NEWEST:
                return position.rank, -int(position.key)
            case ProductSort.PRICE | ProductSort.PRICE_DESCENDING:
                return position.rank, position.key
            case ProductSort.NAME:
                product = self._transaction.state.products.rows.get(position.key)
                return _LAST if product is None else product.name, position.key
            case ProductSort.HANDLE:
                return position.key, ""


def _first_met(tiers: Sequence[Condition], text: ProductText) -> Iterator[int]:
    for tier, condition in enumerate(tiers):
        if meets(condition, text.tokens):
            yield tier
            return
