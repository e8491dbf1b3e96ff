"""Port to the search for products."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from shop.application.ports.paging import Page, PageRequest
from shop.domain.catalogue.search_terms import (
    AnyTerm,
    Condition,
    SaleState,
    SearchQuery,
    other_states_than,
    state_mark,
)
from shop.domain.shared.value import value

MAX_HITS = 10_000
"""How many hits are sorted, counted, or compared with a filter by price or stock, at once."""

MAX_COUNTED_VARIANTS = 100_000
"""How many variants on sale are looked at to count options: a product may have 250 of them."""

MAX_OPTION_VALUES_COUNTED = 1_000
"""The most frequent ones are counted."""


class ProductSort(StrEnum):
    """The order of a list of products; a product without a price is in no list by price."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"
    HANDLE = "handle"


@value
class SearchPosition:
    """A position in a list of products: what it is sorted by first, and what it is sorted by then.

    By relevance it is the rank and the number of the product, by price the price and the handle.
    """

    rank: int
    key: str


@value
class SearchFilter:
    """What products must have; prices are minor units of the lowest price."""

    marks: Condition = ()
    state: SaleState = SaleState.ON_SALE
    min_price: int | None = None
    max_price: int | None = None
    in_stock: bool = False

    @property
    def compares_rows(self) -> bool:
        """Whether the tokens of a product do not suffice."""
        return self.in_stock or self.min_price is not None or self.max_price is not None


@value
class SearchQuestion:
    """A question for a page of products; without a query, all with the marks are found."""

    query: SearchQuery | None
    filter: SearchFilter
    sort: ProductSort
    page: PageRequest[SearchPosition]

    @property
    def is_of_all_on_sale(self) -> bool:
        """Whether neither words nor marks choose among the products on sale."""
        chooses = self.query is not None or bool(self.filter.marks)
        return not chooses and self.filter.state is SaleState.ON_SALE

    @property
    def newest_first(self) -> "SearchQuestion":
        """The same question without ranks."""
        return replace(self, sort=ProductSort.NEWEST)

    @property
    def tiers(self) -> tuple[Condition, ...]:
        """The conditions of the hits, best first; a sort of another kind knows one tier."""
        kept = self.filter.marks + self._state
        if self.query is None:
            return (kept,)
        tiers = self.query.tiers if self.sort is ProductSort.RELEVANCE else self.query.tiers[-1:]
        return tuple(tier + kept for tier in tiers)

    @property
    def excluded(self) -> AnyTerm:
        """What no hit has.

        Most products are on sale, so it is faster to exclude those that are not.
        """
        return () if self._state else other_states_than(self.filter.state)

    @property
    def _state(self) -> Condition:
        chooses = self.query is not None or bool(self.filter.marks)
        is_on_sale = self.filter.state is SaleState.ON_SALE
        return () if is_on_sale and chooses else state_mark(self.filter.state)


@value
class HitFacts:
    """What the newest hits of a question are, at most `MAX_HITS` of them."""

    total: int
    """`MAX_HITS` and one if there are more."""

    prices: Sequence[tuple[int, int]]
    """Each lowest price of a product, in ascending order, and how many products have it."""

    categories: Mapping[frozenset[str], int]
    """How many products are directly in the same categories."""

    options: Mapping[tuple[str, str], int]
    """How many products have a variant on sale with this value of an option."""

    counts_all_variants: bool = True
    """Whether there were at most `MAX_COUNTED_VARIANTS`, so that options are counted exactly."""


class ProductSearches(ABC):
    """The tokens of all products, and what is found by them."""

    @abstractmethod
    async def find(self, question: SearchQuestion) -> Page[str, SearchPosition]:
        """Return a page of handles.

        By relevance, the products of a better rank come first, and among equals the newest. Other
        sorts than these two compare the newest `MAX_HITS` hits of a query or of marks. If a filter
        by price or stock rejects `MAX_HITS` hits in a row, the page ends before it is full.
        """

    @abstractmethod
    async def facts(self, question: SearchQuestion) -> HitFacts:
        """Return what the hits of a question are, on any page."""

    @abstractmethod
    def put(self, handle: str, tokens: Sequence[str]) -> None:
        """Stage the tokens of a product that is added or locked; a new one is the newest."""
