"""Schemas of the counts of what was found."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field

from shop.application.catalogue.facets import Facets
from shop.application.ports.repositories.catalogue.product_searches import MAX_HITS
from shop.domain.catalogue.category import CATEGORY_SLUG_PATTERN, MAX_CATEGORY_SLUG_CHARACTERS
from shop.entrypoints.http.schemas import MoneyResponse, ResponseBody

MORE: Final = "10000+"

Count = Annotated[
    int | Literal["10000+"],
    Field(
        examples=[12],
        description="How many products; `10000+` in every count if more than 10,000 were found.",
    ),
]


class CategoryFacet(ResponseBody):
    """A category with products that were found."""

    slug: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_CATEGORY_SLUG_CHARACTERS,
            pattern=CATEGORY_SLUG_PATTERN,
            examples=["tea"],
        ),
    ]
    name: Annotated[str, Field(examples=["Tea"])]
    count: Count


class OptionValueFacet(ResponseBody):
    """A value of an option with products that were found."""

    value: Annotated[str, Field(examples=["L"])]
    count: Count


class OptionFacet(ResponseBody):
    """An option with products that were found."""

    name: Annotated[str, Field(examples=["size"])]
    values: list[OptionValueFacet]


class PriceFacet(ResponseBody):
    """A range of prices with products that were found; both ends are included."""

    lowest: MoneyResponse
    highest: MoneyResponse
    count: Count


class FacetsResponse(ResponseBody):
    """Counts of all that was found, by category, option and price; the most frequent first."""

    total: Count
    categories: list[CategoryFacet]
    options: list[OptionFacet]
    prices: list[PriceFacet]

    @classmethod
    def of(cls, facets: Facets) -> Self:
        """Render the counts."""
        return cls(
            total=_count(facets.total),
            categories=[
                CategoryFacet(slug=each.slug, name=each.name, count=_count(each.count))
                for each in facets.categories
            ],
            options=[
                OptionFacet(
                    name=name,
                    values=[
                        OptionValueFacet(value=each.value, count=_count(each.count))
                        for each in values
                    ],
                )
                for name, values in facets.options.items()
            ],
            prices=[
                PriceFacet(
                    lowest=MoneyResponse.of(each.lowest),
                    highest=MoneyResponse.of(each.highest),
                    count=_count(each.count),
                )
                for each in facets.prices
            ],
        )


def _count(number: int) -> int | Literal["10000+"]:
    return MORE if number > MAX_HITS else number
