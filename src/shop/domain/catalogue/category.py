"""The tree of categories that products are in."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.domain.shared.errors import Conflict, InvalidValue, NotFound
from shop.domain.shared.text import is_single_line, require_text
from shop.domain.shared.value import value

MAX_CATEGORY_SLUG_CHARACTERS = 64
MAX_CATEGORY_NAME_CHARACTERS = 100
MAX_CATEGORY_POSITION = 10**6
MAX_CATEGORY_DEPTH = 8
MAX_CATEGORIES = 2000
"""A search reads them all."""

MAX_CATEGORIES_OF_PRODUCT = 50

CATEGORY_SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$"

_NAME_RULE = f"must be 1 to {MAX_CATEGORY_NAME_CHARACTERS} characters on one line"
_SLUG = re.compile(CATEGORY_SLUG_PATTERN.removesuffix("$"))


@value
class Category:
    """A named group of products, below another one or at the top; its slug never changes."""

    slug: str
    name: str
    parent: str | None
    position: int

    def __post_init__(self) -> None:
        require_category_slug(self.slug)
        if not _has_name_length(self.name) or not is_single_line(self.name):
            raise InvalidValue(field="name", rule=_NAME_RULE)
        if not 0 <= self.position <= MAX_CATEGORY_POSITION:
            raise InvalidValue(field="position", rule=f"must be 0 to {MAX_CATEGORY_POSITION}")


@value
class EndedCategory:
    """A category that has been deleted, until all its products have left it; no one sees it."""

    id: UUID
    slug: str


@value
class CategoryTree:
    """All categories of a shop; every parent exists, and none is below itself."""

    categories: Mapping[str, Category]

    @classmethod
    def of(cls, categories: Iterable[Category]) -> "CategoryTree":
        """Build the tree; raise `InvalidValue` for a missing parent, a cycle or too many levels."""
        by_slug = {each.slug: each for each in categories}
        _require_size(by_slug)
        tree = cls(categories=by_slug)
        for slug in by_slug:
            tree._require_path(slug)
        return tree

    def put(self, category: Category) -> "CategoryTree":
        """Add or replace a category; raise `InvalidValue` like `of`."""
        categories = {**self.categories, category.slug: category}
        if category.slug in self.categories:
            return CategoryTree.of(categories.values())
        # Nothing is below a new one, so all others stay as they are.
        _require_size(categories)
        tree = CategoryTree(categories=categories)
        tree._require_path(category.slug)
        return tree

    def remove(self, slug: str) -> "CategoryTree":
        """Remove a category; raise `CategoryNotFound`, or `CategoryInUse` if it is a parent."""
        self.require(slug)
        if any(each.parent == slug for each in self.categories.values()):
            raise CategoryInUse(slug=slug)
        return CategoryTree(
            categories={name: each for name, each in self.categories.items() if name != slug}
        )

    def require(self, slug: str) -> Category:
        """Return a category; raise `CategoryNotFound` if it does not exist."""
        found = self.categories.get(slug)
        if found is None:
            raise CategoryNotFound(slug=slug)
        return found

    def path(self, slug: str) -> tuple[str, ...]:
        """Return the category and those above it, from the bottom to the top."""
        return tuple(self._upwards(slug))

    def paths(self, slugs: Iterable[str]) -> tuple[str, ...]:
        """Return the categories and those above them, each once."""
        return tuple(dict.fromkeys(each for slug in slugs for each in self._upwards(slug)))

    def by_parent(self) -> Mapping[str | None, Sequence[Category]]:
        """Return what is directly below each category, and at the top, in order."""
        groups: dict[str | None, list[Category]] = {}
        for each in sorted(self.categories.values(), key=lambda each: (each.position, each.slug)):
            groups.setdefault(each.parent, []).append(each)
        return groups

    def below(self, *slugs: str) -> frozenset[str]:
        """Return the categories and everything below them."""
        groups = self.by_parent()
        found = set(slugs)
        following = [*slugs]
        while following:
            children = [child.slug for slug in following for child in groups.get(slug, ())]
            following = [child for child in children if child not in found]
            found.update(following)
        return frozenset(found)

    def _upwards(self, slug: str) -> Iterator[str]:
        current: str | None = slug
        while current is not None:
            yield current
            found = self.categories.get(current)
            current = None if found is None else found.parent

    def _require_path(self, slug: str) -> None:
        seen: set[str] = set()
        for each in self._upwards(slug):
            if each in seen:
                rule = "must not be the category itself or below it"
                raise InvalidValue(field="parent", rule=rule)
            seen.add(each)
            if each not in self.categories:
                raise InvalidValue(field="parent", rule=f"must be an existing category, not {each}")
        if len(seen) > MAX_CATEGORY_DEPTH:
            rule = f"must leave at most {MAX_CATEGORY_DEPTH} levels"
            raise InvalidValue(field="parent", rule=rule)


def _require_size(categories: Mapping[str, Category]) -> None:
    if len(categories) > MAX_CATEGORIES:
        rule = f"must be one of at most {MAX_CATEGORIES} categories"
        raise InvalidValue(field="slug", rule=rule)


def require_category_slug(slug: str) -> None:
    """Check the slug of a category; raise `InvalidValue`."""
    if len(slug) > MAX_CATEGORY_SLUG_CHARACTERS or not _SLUG.fullmatch(slug):
        raise InvalidValue(
            field="slug",
            rule=(
                f"must be 1 to {MAX_CATEGORY_SLUG_CHARACTERS} lower-case letters of ASCII, digits,"
                " '-' or '_'"
            ),
        )


def require_new_categories(slugs: Sequence[str]) -> None:
    """Check the categories that a product gets; raise `InvalidValue`."""
    if len(slugs) > MAX_CATEGORIES_OF_PRODUCT:
        rule = f"must be at most {MAX_CATEGORIES_OF_PRODUCT}"
        raise InvalidValue(field="categories", rule=rule)
    for position, slug in enumerate(slugs):
        if slug in slugs[:position]:
            rule = "must differ from the other categories"
            raise InvalidValue(field=f"categories/{position}", rule=rule)


def require_new_category_name(name: str) -> None:
    """Check the length and characters of a new name; raise `InvalidValue`."""
    if not _has_name_length(name):
        raise InvalidValue(field="name", rule=_NAME_RULE)
    require_text(name, "name", is_about_goods=True)


def _has_name_length(name: str) -> bool:
    return 1 <= len(name) <= MAX_CATEGORY_NAME_CHARACTERS


@dataclass(kw_only=True, unsafe_hash=True)
class CategoryNotFound(NotFound):
    """The category does not exist."""

    slug: str

    code = "category-not-found"
    message = "There is no category {slug}."


@dataclass(kw_only=True, unsafe_hash=True)
class CategoryInUse(Conflict):
    """The category has others below it, or promotions select it, so it cannot be deleted."""

    slug: str
    promotions: tuple[str, ...] = ()
    """The slugs of the promotions that select it, if it has no others below it."""

    code = "category-in-use"

    @property
    def detail(self) -> str:
        """Say what has to be changed first."""
        if not self.promotions:
            return f"The category {self.slug} has categories below it; move or delete them first."
        names = ", ".join(self.promotions)
        return f"These promotions select the category {self.slug}: {names}; change or end them."
