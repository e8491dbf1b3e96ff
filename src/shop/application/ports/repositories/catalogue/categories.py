"""Port to the categories."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from shop.domain.catalogue.category import Category, CategoryTree, EndedCategory


class Categories(ABC):
    """The tree of categories, and which products are in them."""

    @abstractmethod
    async def tree(self) -> CategoryTree:
        """Return all categories."""

    @abstractmethod
    async def lock_tree(self) -> CategoryTree:
        """Like `tree`, and lock it: no other unit of work changes it until the end."""

    @abstractmethod
    async def slugs_of(self, handles: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Return the categories that each product is directly in, sorted, without ended ones."""

    @abstractmethod
    async def paths_of(self, handles: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Return the categories of each product and those above them, without the whole tree."""

    @abstractmethod
    async def handles_in(self, slug: str, limit: int) -> Sequence[str]:
        """Return the first products that are directly in a category, sorted, at most `limit`.

        The category may have ended.
        """

    @abstractmethod
    async def ended(self) -> Sequence[EndedCategory]:
        """Return the ended categories that products may still be in, by slug."""

    @abstractmethod
    def put(self, category: Category, at: datetime) -> None:
        """Stage a category of a locked tree, new or changed at this time."""

    @abstractmethod
    def end(self, ended: EndedCategory, at: datetime) -> None:
        """Stage that a category of a locked tree has ended: from then on, no product shows it."""

    @abstractmethod
    def forget(self, ended: EndedCategory) -> None:
        """Stage the end of an ended category that all products have left; the tree is locked."""

    @abstractmethod
    def assign(self, handle: str, before: Collection[str], after: Collection[str]) -> None:
        """Stage the categories of a locked tree that a locked or added product is directly in.

        A product leaves an ended category in the same way.
        """
