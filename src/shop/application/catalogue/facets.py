"""Counts what is found by category, option and price."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

from shop.application.ports.repositories.catalogue.product_searches import MAX_HITS, HitFacts
from shop.domain.catalogue.category import CategoryTree
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value

PRICE_RANGES = 5


@value
class CategoryCount:
    """How many of the products found are in a category or below it."""

    slug: str
    name: str
    count: int


@value
class OptionCount:
    """How many of the products found have a variant on sale with a value of an option."""

    value: str
    count: int


@value
class PriceCount:
    """How many of the products found cost from one price to another, both included."""

    lowest: Money
    highest: Money
    count: int


@value
class Facets:
    """Counts of what is found; more than `MAX_HITS` stands for any larger number."""

    total: int
    categories: Sequence[CategoryCount]
    options: Mapping[str, Sequence[OptionCount]]
    prices: Sequence[PriceCount]


def count_facets(facts: HitFacts, tree: CategoryTree, currency: Currency) -> Facets:
    """Count the facts of hits; if there are more than `MAX_HITS`, each count is of more."""
    is_exact = facts.total <= MAX_HITS
    categories = _count_categories(facts.categories, tree)
    options_are_exact = is_exact and facts.counts_all_variants
    return Facets(
        total=facts.total,
        categories=[
            CategoryCount(
                slug=slug,
                name=tree.require(slug).name,
                count=count if is_exact else facts.total,
            )
            for slug, count in _most_first(categories)
        ],
        options={
            name: [
                OptionCount(value=each, count=count if options_are_exact else MAX_HITS + 1)
                for each, count in _most_first(counts)
            ]
            for name, counts in sorted(_count_options(facts.options).items())
        },
        prices=[
            PriceCount(
                lowest=Money(amount=prices[0], currency=currency),
                highest=Money(amount=prices[-1], currency=currency),
                count=len(prices) if is_exact else facts.total,
            )
            for prices in _price_ranges(list(_each_price(facts.prices)))
        ],
    )


def _count_categories(categories: Mapping[frozenset[str], int], tree: CategoryTree) -> Counter[str]:
    counts: Counter[str] = Counter()
    for slugs, number in categories.items():
        # A product counts once in each category above it.
        for slug in tree.paths(sorted(slugs)):
            if slug in tree.categories:
                counts[slug] += number
    return counts


def _count_options(options: Mapping[tuple[str, str], int]) -> Mapping[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for (name, each), number in options.items():
        counts.setdefault(name, Counter())[each] = number
    return counts


def _each_price(prices: Sequence[tuple[int, int]]) -> Iterator[int]:
    for price, number in prices:
        yield from repeat(price, number)


def _most_first(counts: Counter[str]) -> Sequence[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _price_ranges(prices: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield sorted prices in parts of about the same size; equal ones are in the same part."""
    start = 0
    for part in range(1, PRICE_RANGES + 1):
        end = len(prices) * part // PRICE_RANGES
        while start < end < len(prices) and prices[end] == prices[end - 1]:
            end += 1
        if end > start:
            yield prices[start:end]
            start = end
