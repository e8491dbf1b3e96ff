from dataclasses import replace

import pytest

from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.search_terms import (
    MAX_NAMED,
    MAX_QUERY_WORDS,
    MAX_TOKEN_BYTES,
    SaleState,
    SearchedProduct,
    SearchQuery,
    category_mark,
    meets,
    option_mark,
    search_tokens,
    state_mark,
)
from tests.factories import category
from tests.multilingual_catalogue import CATALOGUE, CATEGORIES, QUERIES

MUG = SearchedProduct(
    name="Mug blanc",
    skus=("MUG", "MUG.L-7"),
    description="Porcelaine fine.",
    state=SaleState.OFF_SALE,
    categories=("assiettes",),
    options=(("Size", "L"), ("Colour", "blanc / écru"), ("Size", "XL")),
)


TREE = CategoryTree.of(
    category(slug, name, parent=parent)
    for slug, name, parent in (
        ("kitchen", "Cuisine", None),
        ("table-ware", "Vaisselle", "kitchen"),
        ("assiettes", "Assiettes, vaisselle fine", "table-ware"),
        ("garden", "Jardin rouge", None),
    )
)


def rank(text: str, product: SearchedProduct = MUG, tree: CategoryTree = TREE) -> int | None:
    query = SearchQuery.of(text, tree)
    assert query is not None
    return query.rank(search_tokens(product))


class TestAQuery:
    @pytest.mark.parametrize(("text", "handles"), QUERIES, ids=[text for text, _ in QUERIES])
    def test_finds_the_same_products_in_the_same_order(
        self, text: str, handles: tuple[str, ...]
    ) -> None:
        ranks = [
            (rank(text, each.searched, CATEGORIES), each.handle) for each in reversed(CATALOGUE)
        ]
        found = [(rank, handle) for rank, handle in ranks if rank is not None]
        # Among equals the newest stays first, because sorting is stable.
        assert tuple(handle for _, handle in sorted(found, key=lambda each: each[0])) == handles

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("blanc mug", 0),
            ("blánc mug", 1),
            ("mug 7", 2),
            ("mugl7", 2),
            ("mug vaiss", 3),
            ("mug cuis", 3),
            ("mug porc", 4),
            ("vaisselle porcelaine", 4),
            ("mug rouge", None),
            ("por mug", None),
            ("porcelaine ", 4),
            ("porcel ", None),
        ],
    )
    def test_ranks_where_all_its_words_are(self, text: str, expected: int | None) -> None:
        assert rank(text) == expected

    @pytest.mark.parametrize("text", ["", "  ", "-", "¿?"])
    def test_without_a_word_is_none(self, text: str) -> None:
        assert SearchQuery.of(text, TREE) is None

    def test_ignores_its_words_beyond_the_limit(self) -> None:
        assert rank(" ".join(["mug"] * MAX_QUERY_WORDS + ["rouge"])) == 0
        assert rank(" ".join(["mug"] * (MAX_QUERY_WORDS - 1) + ["rouge"])) is None

    def test_finds_the_last_character_of_a_word_without_spaces(self) -> None:
        tea = SearchedProduct(
            name="煎茶", skus=("SENCHA",), description="", state=SaleState.ON_SALE
        )
        assert [rank(each, tea) for each in ("茶", "煎", "煎茶", "茶煎")] == [0, 0, 0, None]


class TestAMark:
    @pytest.mark.parametrize(
        ("slug", "is_met"),
        [("kitchen", True), ("table-ware", True), ("assiettes", True), ("garden", False),
         ("table", False)],
    )  # fmt: skip
    def test_of_a_category_is_met_by_what_is_below_it(self, slug: str, *, is_met: bool) -> None:
        assert meets(category_mark(slug, TREE), search_tokens(MUG)) is is_met

    def test_of_a_category_is_met_at_its_new_place_by_the_product_as_it_was(self) -> None:
        moved = TREE.put(category("table-ware", "Vaisselle", parent="garden"))
        tokens = search_tokens(MUG)
        assert meets(category_mark("garden", moved), tokens)
        assert not meets(category_mark("kitchen", moved), tokens)

    def test_is_of_an_options_value_in_any_case(self) -> None:
        tokens = search_tokens(MUG)
        assert meets(option_mark("size", "l"), tokens)
        assert meets(option_mark("COLOUR", "Blanc / Écru"), tokens)
        assert not meets(option_mark("size", "blanc / écru"), tokens)
        assert not meets(option_mark("size", "x"), tokens)

    def test_is_of_one_state_of_sale(self) -> None:
        tokens = search_tokens(MUG)
        states = [state for state in SaleState if meets(state_mark(state), tokens)]
        assert states == [SaleState.OFF_SALE]

    def test_is_no_word(self) -> None:
        assert rank("off") is None
        assert rank("size") is None
        assert rank("kitchen") is None


class TestANameOfACategory:
    def test_finds_what_is_below_it(self) -> None:
        above = replace(MUG, categories=("table-ware",))
        assert [rank(each, above) for each in ("cuisine", "vaisselle", "assiettes")] == [3, 3, None]

    def test_is_asked_for_by_the_marks_of_all_below_it(self) -> None:
        query = SearchQuery.of("vaisselle", TREE)
        assert query is not None
        assert query.tiers[3][0][2:] == category_mark("table-ware", TREE)[0]

    @pytest.mark.parametrize(("text", "marks"), [("t", MAX_NAMED), ("tee ", 1), ("te", 1)])
    def test_asks_for_a_bounded_number_of_marks(self, text: str, marks: int) -> None:
        names = [*(f"T{number}" for number in range(2 * MAX_NAMED)), "Tee"]
        tree = CategoryTree.of(category(f"c{each.lower()}", each) for each in names)
        query = SearchQuery.of(text, tree)
        assert query is not None
        assert len(query.tiers[3][0][2:]) == marks

    def test_can_change_without_the_product(self) -> None:
        renamed = TREE.put(category("kitchen", "Küche"))
        assert [rank(each, tree=renamed) for each in ("kuche", "cuisine")] == [3, None]


class TestTokens:
    def test_are_apart_by_spaces_alone(self) -> None:
        separators = {chr(code) for code in range(128) if not chr(code).isalnum()}
        assert not separators & set("".join(search_tokens(MUG)))

    def test_are_each_once(self) -> None:
        tokens = search_tokens(MUG)
        assert len(set(tokens)) == len(tokens)

    def test_are_short_enough_for_every_database_and_still_differ(self) -> None:
        # This ligature becomes eighteen letters.
        long = "\ufdfa" * 100
        tokens = search_tokens(replace(MUG, options=((long, long), (long, "L"))))
        assert max(len(each.encode()) for each in tokens) <= MAX_TOKEN_BYTES
        assert meets(option_mark(long, long), tokens)
        assert meets(option_mark(long, "l"), tokens)
        assert not meets(option_mark(long, long[1:]), tokens)
