from collections.abc import Sequence

import pytest

from shop.domain.catalogue.category import CategoryTree
from shop.domain.catalogue.category_names import CategoryNames, names_of
from tests.factories import category

TREE = CategoryTree.of(
    category(slug, name)
    for slug, name in (("tea", "Fine tea"), ("teak", "Teak wood"), ("cups", "Tea cups"))
)


def words_of(name: str) -> Sequence[str]:
    return name.casefold().split()


class TestNames:
    @pytest.mark.parametrize(
        ("word", "exactly", "beginning"),
        [
            ("tea", ["cups", "tea"], ["cups", "tea", "teak"]),
            ("te", [], ["cups", "tea", "teak"]),
            ("wood", ["teak"], ["teak"]),
            ("woods", [], []),
            ("", [], ["cups", "tea", "tea", "cups", "teak", "teak"]),
            ("zzz", [], []),
        ],
    )
    def test_have_a_word_or_its_beginning(
        self, word: str, exactly: list[str], beginning: list[str]
    ) -> None:
        names = CategoryNames.of(TREE, words_of)
        assert list(names.with_word(word, is_prefix=False)) == exactly
        assert sorted(names.with_word(word, is_prefix=True)) == sorted(beginning)

    def test_are_cut_once_for_a_tree(self) -> None:
        cut: list[str] = []

        def cutting(name: str) -> Sequence[str]:
            cut.append(name)
            return words_of(name)

        assert names_of(TREE, cutting) is names_of(TREE, cutting)
        assert len(cut) == 3
        # An equal tree may be another snapshot, which is not compared name by name.
        assert names_of(CategoryTree.of(TREE.categories.values()), cutting).words
        assert len(cut) == 6
