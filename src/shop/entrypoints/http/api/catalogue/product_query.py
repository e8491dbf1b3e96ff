"""The query parameters of the list of products."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, model_validator

from shop.application.catalogue.product_search import FindProducts
from shop.application.ports.paging import PageRequest
from shop.application.ports.repositories.catalogue.product_searches import ProductSort
from shop.application.ports.repositories.products import ProductListing
from shop.domain.catalogue.category import CATEGORY_SLUG_PATTERN, MAX_CATEGORY_SLUG_CHARACTERS
from shop.domain.catalogue.options import MAX_OPTION_CHARACTERS
from shop.domain.catalogue.search_terms import SaleState
from shop.domain.catalogue.variant import MAX_PRICE
from shop.domain.shared.text import is_single_line
from shop.entrypoints.http.api.pagination import (
    MAX_SEARCH_CHARACTERS,
    CursorParameter,
    Limit,
)
from shop.entrypoints.http.errors.http_errors import InvalidRequest
from shop.entrypoints.http.requests.cursors import decode_search_cursor, decode_sku_cursor
from shop.entrypoints.http.schemas import DIGITS, QueryParameters
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

OPTION_PREFIX = "option."
MAX_OPTION_FILTERS = 3

_PriceFilter = Annotated[
    int | None,
    DIGITS,
    Field(ge=0, le=MAX_PRICE, examples=[500], description="In minor units, of the lowest price."),
]

OPTION_PARAMETER: dict[str, Any] = {
    "name": "option.size",
    "in": "query",
    "required": False,
    "description": "Products with a variant on sale that has this value of the option `size`;"
    f" likewise for any option of the shop, at most {MAX_OPTION_FILTERS} of them. The case is"
    " ignored. Each of several options may be that of another variant.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_OPTION_CHARACTERS},
    "example": "L",
}
"""The documentation of a parameter whose name depends on the shop's options."""


class ProductOrder(StrEnum):
    """The order of products; without words, relevance is the same as newest."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"


class ProductQuery(QueryParameters):
    """A page of products: those found by words first, or all ordered by handle."""

    q: Annotated[
        str,
        Field(
            max_length=MAX_SEARCH_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["earl grey"],
            description="Words that all occur in a product, in any order, the last as the "
            "beginning of a word; without regard to case and accents, exact ones first. Words of "
            "the name count more than those of the SKU, a category or the description.",
        ),
    ] = ""
    active: Annotated[
        bool | None,
        Field(
            examples=[False],
            description="Admins only: false lists the products that are off sale.",
        ),
    ] = None
    archived: Annotated[
        bool | None,
        Field(examples=[True], description="Admins only: true lists the archived products."),
    ] = None
    category: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_CATEGORY_SLUG_CHARACTERS,
            pattern=CATEGORY_SLUG_PATTERN,
            examples=["tea"],
            description="Products in this category or below it.",
        ),
    ] = None
    min_price: _PriceFilter = None
    max_price: _PriceFilter = None
    in_stock: Annotated[
        bool,
        Field(
            examples=[True],
            description="Only products of which a variant on sale is available, of any options.",
        ),
    ] = False
    sort: Annotated[
        ProductOrder | None,
        Field(
            examples=["-price"],
            description="With words by relevance unless it is given. Sorted by price or name are "
            "at most the 10,000 newest of the products found.",
        ),
    ] = None
    facets: Annotated[
        bool,
        Field(examples=[True], description="Whether to count by category, option and price."),
    ] = False
    limit: Limit = 20
    cursor: Annotated[CursorParameter, Field(examples=["VEVBLUVBUkwtR1JFWQ"])] = None

    _options: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _take_options(cls, values: Any, validate: Callable[[Any], Self]) -> Self:  # noqa: ANN401  Pydantic's.
        """Take the parameters of options, whose names are not known, from the others."""
        options = {
            name: text for name, text in dict(values).items() if name.startswith(OPTION_PREFIX)
        }
        query = validate({name: each for name, each in values.items() if name not in options})
        query._options = options  # noqa: SLF001  Its own.
        return query

    @property
    def is_for_staff(self) -> bool:
        """Whether it asks for products that customers do not see."""
        return self.active is not None or self.archived is not None

    @property
    def is_plain(self) -> bool:
        """Whether it asks for all products of a state of sale, by handle, and nothing else."""
        asked = self.model_fields_set - {"q", "active", "archived", "limit", "cursor"}
        return not (asked or self._options or self.q.strip())

    def to_listing(self) -> ProductListing:
        """Return the question for a page of all products; raise `InvalidRequest`."""
        page = PageRequest(limit=self.limit, after=decode_sku_cursor(self.cursor))
        return ProductListing(
            page=page, active=self.active is not False, archived=self.archived is True
        )

    @property
    def _state(self) -> SaleState:
        if self.archived is True:
            return SaleState.ARCHIVED
        return SaleState.OFF_SALE if self.active is False else SaleState.ON_SALE

    def to_search(self) -> FindProducts:
        """Return the question for a page of products found; raise `InvalidRequest`."""
        sort = None if self.sort is None else ProductSort(self.sort)
        question = FindProducts(
            words=self.q,
            page=PageRequest(limit=self.limit, after=None),
            category=self.category,
            options=self._checked_options(),
            min_price=self.min_price,
            max_price=self.max_price,
            in_stock=self.in_stock,
            state=self._state,
            sort=sort,
            facets=self.facets,
        )
        after = decode_search_cursor(self.cursor, question.order)
        return replace(question, page=PageRequest(limit=self.limit, after=after))

    def _checked_options(self) -> tuple[tuple[str, str], ...]:
        for number, (name, text) in enumerate(self._options.items(), start=1):
            fault = _fault(name.removeprefix(OPTION_PREFIX)) or _fault(text)
            if number > MAX_OPTION_FILTERS:
                fault = f"At most {MAX_OPTION_FILTERS} options can be given."
            if fault:
                raise InvalidRequest.at(f"/query/{name}", fault)
        return tuple(
            sorted((name.removeprefix(OPTION_PREFIX), text) for name, text in self._options.items())
        )


def _fault(text: str) -> str | None:
    if 1 <= len(text) <= MAX_OPTION_CHARACTERS and is_single_line(text):
        return None
    return f"The option and its value must be 1 to {MAX_OPTION_CHARACTERS} characters on one line."
