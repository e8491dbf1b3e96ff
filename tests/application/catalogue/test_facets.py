from collections import Counter

import pytest

from shop.application.catalogue.facets import (
    CategoryCount,
    OptionCount,
    PriceCount,
    count_facets,
)
from shop.application.ports.repositories.catalogue.product_searches import MAX_HITS, HitFacts
from shop.domain.catalogue.category import CategoryTree
from tests.factories import EUR, category, eur

TREE = CategoryTree.of([category("drinks"), category("tea", parent="drinks")])


def facts(**changes: object) -> HitFacts:
    known = {"total": 3, "prices": [], "categories": {}, "options": {}} | changes
    return HitFacts(**known)  # type: ignore[arg-type]


class TestACountByCategory:
    def test_counts_a_product_once_in_each_category_above_it(self) -> None:
        counted = count_facets(
            facts(
                categories={
                    frozenset({"tea", "drinks"}): 1,
                    frozenset({"tea"}): 1,
                    frozenset({"drinks"}): 1,
                }
            ),
            TREE,
            EUR,
        )
        assert counted.categories == [
            CategoryCount(slug="drinks", name="Drinks", count=3),
            CategoryCount(slug="tea", name="Tea", count=2),
        ]

    def test_knows_no_category_that_is_gone(self) -> None:
        assert count_facets(facts(categories={frozenset({"gone"}): 1}), TREE, EUR).categories == []


class TestACountByOption:
    def test_has_the_most_frequent_value_first(self) -> None:
        options = {("size", "M"): 1, ("size", "L"): 2, ("colour", "red"): 1}
        assert count_facets(facts(options=options), TREE, EUR).options == {
            "colour": [OptionCount(value="red", count=1)],
            "size": [OptionCount(value="L", count=2), OptionCount(value="M", count=1)],
        }

    def test_is_of_more_if_not_all_variants_were_counted(self) -> None:
        counted = count_facets(
            facts(prices=[(5, 3)], options={("size", "L"): 2}, counts_all_variants=False),
            TREE,
            EUR,
        )
        assert counted.options == {"size": [OptionCount(value="L", count=MAX_HITS + 1)]}
        assert [each.count for each in counted.prices] == [3]


class TestACountByPrice:
    @pytest.mark.parametrize(
        ("prices", "ranges"),
        [
            ([], []),
            ([7], [(7, 7, 1)]),
            ([5] * 30, [(5, 5, 30)]),
            (list(range(1, 11)), [(1, 2, 2), (3, 4, 2), (5, 6, 2), (7, 8, 2), (9, 10, 2)]),
            ([1, 2, 2, 2, 2, 2, 9], [(1, 1, 1), (2, 2, 5), (9, 9, 1)]),
        ],
    )
    def test_has_ranges_of_about_the_same_size(
        self, prices: list[int], ranges: list[tuple[int, int, int]]
    ) -> None:
        assert count_facets(facts(prices=sorted(Counter(prices).items())), TREE, EUR).prices == [
            PriceCount(lowest=eur(lowest), highest=eur(highest), count=count)
            for lowest, highest, count in ranges
        ]


def test_every_count_is_of_more_if_there_are_more_hits_than_are_counted() -> None:
    counted = count_facets(
        facts(
            total=MAX_HITS + 1,
            prices=[(1, 1), (2, 1)],
            categories={frozenset({"tea"}): 1},
            options={("size", "L"): 1},
        ),
        TREE,
        EUR,
    )
    counts = [
        counted.total,
        *(each.count for each in counted.categories),
        *(each.count for each in counted.options["size"]),
        *(each.count for each in counted.prices),
    ]
    assert set(counts) == {MAX_HITS + 1}
