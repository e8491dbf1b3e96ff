"""Schemas of categories."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field

from shop.domain.catalogue.category import (
    CATEGORY_SLUG_PATTERN,
    MAX_CATEGORY_NAME_CHARACTERS,
    MAX_CATEGORY_POSITION,
    MAX_CATEGORY_SLUG_CHARACTERS,
    Category,
    CategoryTree,
)
from shop.entrypoints.http.schemas import NEW_TEXT_ABOUT_GOODS, RequestBody, ResponseBody
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

CategorySlug = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CATEGORY_SLUG_CHARACTERS,
        pattern=CATEGORY_SLUG_PATTERN,
        examples=["tea"],
    ),
]
ParentSlug = Annotated[
    CategorySlug | None,
    Field(examples=["drinks"], description="The category above it; null at the top."),
]
CategoryName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_CATEGORY_NAME_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Tea"],
    ),
]
Position = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_CATEGORY_POSITION,
        examples=[1],
        description="Its place among the categories with the same parent; the lowest is first.",
    ),
]


class CategoryDescription(RequestBody):
    """The content of a category."""

    name: Annotated[CategoryName, NEW_TEXT_ABOUT_GOODS]
    parent: ParentSlug = None
    position: Position


class CategoryResponse(ResponseBody):
    """A category."""

    slug: CategorySlug
    name: CategoryName
    parent: ParentSlug
    position: Position

    @classmethod
    def of(cls, category: Category) -> Self:
        """Render a category."""
        return cls(
            slug=category.slug,
            name=category.name,
            parent=category.parent,
            position=category.position,
        )


class CategoryNode(ResponseBody):
    """A category, and those below it in order."""

    slug: CategorySlug
    name: CategoryName
    position: Position
    children: list["CategoryNode"]

    @classmethod
    def below(
        cls, parent: str | None, groups: Mapping[str | None, Sequence[Category]]
    ) -> list["CategoryNode"]:
        """Render the categories below one, or at the top; they are grouped by their parents."""
        return [
            cls(
                slug=each.slug,
                name=each.name,
                position=each.position,
                children=cls.below(each.slug, groups),
            )
            for each in groups.get(parent, ())
        ]


class CategoryTreeResponse(ResponseBody):
    """The categories at the top, each with those below it."""

    items: list[CategoryNode]

    @classmethod
    def of(cls, tree: CategoryTree) -> Self:
        """Render all categories."""
        return cls(items=CategoryNode.below(None, tree.by_parent()))
