"""Finds the categories that a file names, and makes those that do not exist."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from shop.application.catalogue.imports.rows import ImportedProduct
from shop.application.catalogue.slugs import slug_of, with_digest
from shop.domain.catalogue.category import (
    MAX_CATEGORY_SLUG_CHARACTERS,
    Category,
    CategoryTree,
    EndedCategory,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.text import require_text


class ImportCategories:
    """The categories of the shop, and those that an import adds to them.

    The shop's own files name categories by their slugs. Other shops' files name them by their path
    from the top, which is found by its names.
    """

    def __init__(
        self,
        tree: CategoryTree,
        added: Iterable[Category] = (),
        *,
        ended: Iterable[EndedCategory],
    ) -> None:
        """`added` are categories that the import has added to the tree before.

        No category gets the slug of one that has `ended`, which may still have products.
        """
        self._ended = {each.slug for each in ended}
        for each in added:
            tree = tree.put(each)
        self.tree = tree
        self.added: list[Category] = []
        self._by_place = {
            (each.parent, each.name.casefold()): each.slug for each in tree.categories.values()
        }

    def slugs_of(self, product: ImportedProduct, before: Sequence[str]) -> Sequence[str]:
        """Return the categories of a product, sorted; those of before if its file does not say.

        Raise `InvalidValue` for a category that does not exist and cannot be made.
        """
        fields = product.fields
        if "category_paths" in fields:
            return sorted({self._slug_of(path) for path in fields["category_paths"] or ()})
        if "categories" not in fields:
            return sorted(before)
        for slug in fields["categories"] or ():
            if slug not in self.tree.categories:
                rule = f"must be categories of the shop; there is no category {slug!r}"
                raise InvalidValue(field="categories", rule=rule)
        return sorted(set(fields["categories"] or ()))

    def _slug_of(self, path: Sequence[str]) -> str:
        parent: str | None = None
        for name in path:
            parent = self._by_place.get((parent, name.casefold())) or self._add(name, parent)
        if parent is None:
            raise ValueError("a path must have a name")
        return parent

    def _add(self, name: str, parent: str | None) -> str:
        try:
            require_text(name, "category", is_about_goods=True)
            category = Category(
                slug=self._free_slug(name, parent), name=name, parent=parent, position=0
            )
            self.tree = self.tree.put(category)
        except InvalidValue as error:
            raise InvalidValue(field="category", rule=f"{name!r}: {error.rule}") from error
        self._by_place[parent, name.casefold()] = category.slug
        self.added.append(category)
        return category.slug

    def _free_slug(self, name: str, parent: str | None) -> str:
        taken = self.tree.categories.keys() | self._ended
        return next(each for each in _slugs(name, parent) if each not in taken)


def _slugs(name: str, parent: str | None) -> Iterator[str]:
    """Yield slugs that a category may have, the nicest first."""
    whole = f"{parent or ''} {name}"
    longest = MAX_CATEGORY_SLUG_CHARACTERS
    short = slug_of(name, prefix="category", longest=longest)
    yield short
    yield slug_of(whole, prefix="category", longest=longest)
    yield with_digest(short, whole)
    for number in count(2):
        yield with_digest(short, f"{whole} {number}")
