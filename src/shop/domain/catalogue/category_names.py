"""Finds categories by the words of their names, each as fast as a look-up."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Self

from shop.domain.catalogue.category import CategoryTree
from shop.domain.shared.value import value

KEPT_TREES = 4
"""A search asks for the tree of its snapshot, and few change it."""


@value
class CategoryNames:
    """The words of the names of all categories, sorted, each with the slugs that have it."""

    words: tuple[str, ...]
    slugs: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, tree: CategoryTree, words_of: Callable[[str], Iterable[str]]) -> Self:
        """Cut the names of all categories."""
        found: dict[str, list[str]] = {}
        for each in sorted(tree.categories.values(), key=lambda each: each.slug):
            for word in set(words_of(each.name)):
                found.setdefault(word, []).append(each.slug)
        words = sorted(found)
        return cls(words=tuple(words), slugs=tuple(tuple(found[word]) for word in words))

    def with_word(self, word: str, *, is_prefix: bool) -> Iterator[str]:
        """Yield the categories that have a word, or one that begins with it."""
        for position in range(bisect_left(self.words, word), len(self.words)):
            known = self.words[position]
            if known != word and not (is_prefix and known.startswith(word)):
                return
            yield from self.slugs[position]


class _Same:
    """An object that equals itself alone: to compare all categories would take too long."""

    def __init__(self, tree: CategoryTree) -> None:
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.tree is other.tree

    def __hash__(self) -> int:
        return id(self.tree)


def names_of(tree: CategoryTree, words_of: Callable[[str], Iterable[str]]) -> CategoryNames:
    """Return the words of a tree, which are cut once."""
    return _kept(_Same(tree), words_of)


@lru_cache(maxsize=KEPT_TREES)
def _kept(tree: _Same, words_of: Callable[[str], Iterable[str]]) -> CategoryNames:
    return CategoryNames.of(tree.tree, words_of)
