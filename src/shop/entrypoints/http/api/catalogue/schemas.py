"""Schemas of products and stock."""

from typing import Annotated, Self

from pydantic import Field

from shop.application.catalogue.product_search import FoundProducts
from shop.application.ports.paging import Page
from shop.application.ports.repositories.products import AvailableProduct
from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.inventory import MAX_ON_HAND, Inventory
from shop.domain.product import (
    IMAGE_URL_PATTERN,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_IMAGE_URL_CHARACTERS,
    MAX_PRODUCT_NAME_CHARACTERS,
)
from shop.entrypoints.http.api.catalogue.facet_schemas import FacetsResponse
from shop.entrypoints.http.requests.cursors import encode_search_cursor, encode_sku_cursor
from shop.entrypoints.http.schemas import (
    NEW_DESCRIPTION,
    NEW_TEXT,
    NEW_TEXT_ABOUT_GOODS,
    VISIBLE_CHARACTERS,
    MoneyResponse,
    NextCursor,
    PriceInput,
    RequestBody,
    ResponseBody,
    Sku,
)
from shop.entrypoints.validation_messages import MULTILINE_TEXT_PATTERN, SINGLE_LINE_PATTERN

ProductName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_PRODUCT_NAME_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Earl Grey, 100 g"],
    ),
]
Description = Annotated[
    str,
    Field(
        max_length=MAX_DESCRIPTION_CHARACTERS,
        pattern=MULTILINE_TEXT_PATTERN,
        examples=["Black tea with bergamot."],
    ),
]
ImageUrl = Annotated[
    str | None,
    Field(
        max_length=MAX_IMAGE_URL_CHARACTERS,
        pattern=IMAGE_URL_PATTERN,
        examples=["https://example.com/earl-grey.jpg"],
    ),
]
# Requests only: products of earlier releases may have names that a new one may not have.
NewProductName = Annotated[ProductName, NEW_TEXT_ABOUT_GOODS]
NewDescription = Annotated[Description, NEW_DESCRIPTION]
NewImageUrl = Annotated[ImageUrl, VISIBLE_CHARACTERS]

Available = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_ON_HAND,
        examples=[40],
        description="On hand less reserved.",
    ),
]


class ProductDescription(RequestBody):
    """The content of a product."""

    name: NewProductName
    description: NewDescription
    price: PriceInput
    active: Annotated[bool, Field(examples=[True], description="Whether it is for sale.")]
    image_url: Annotated[
        NewImageUrl, Field(description="Omit it to keep the image; null removes it.")
    ] = None


class StockAdjustment(RequestBody):
    """A change of the quantity on hand, negative if units are missing, and its reason."""

    delta: Annotated[int, Field(ge=-MAX_ON_HAND, le=MAX_ON_HAND, examples=[40])]
    reason: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NOTE_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["Delivery of November"],
        ),
        NEW_TEXT,
    ]


class ProductResponse(ResponseBody):
    """A product with its available quantity."""

    sku: Sku
    name: ProductName
    description: Description
    price: MoneyResponse
    available: Available
    image_url: ImageUrl
    active: Annotated[bool, Field(examples=[True], description="Whether it is for sale.")]

    @classmethod
    def of(cls, available_product: AvailableProduct) -> Self:
        """Render a product."""
        product = available_product.product
        return cls(
            sku=product.sku,
            name=product.name,
            description=product.description,
            price=MoneyResponse.of(product.price),
            available=available_product.available,
            image_url=product.image_url,
            active=product.active,
        )


class ProductList(ResponseBody):
    """A page of products; by SKU, or as the request sorts what it finds."""

    items: list[ProductResponse]
    next: NextCursor
    facets: Annotated[
        FacetsResponse | None,
        Field(exclude_if=lambda facets: facets is None, description="Only if they were asked for."),
    ] = None

    @classmethod
    def of(cls, page: Page[AvailableProduct, str]) -> Self:
        """Render a page of products."""
        return cls(
            items=[ProductResponse.of(each) for each in page.items],
            next=encode_sku_cursor(page.next),
        )

    @classmethod
    def found(cls, found: FoundProducts) -> Self:
        """Render a page of products that were searched."""
        return cls(
            items=[ProductResponse.of(each) for each in found.page.items],
            next=encode_search_cursor(found.page.next),
            facets=None if found.facets is None else FacetsResponse.of(found.facets),
        )


class StockResponse(ResponseBody):
    """The stock of a product; `available` is on hand less reserved."""

    sku: Sku
    on_hand: Annotated[int, Field(ge=0, le=MAX_ON_HAND, examples=[42])]
    reserved: Annotated[int, Field(ge=0, le=MAX_ON_HAND, examples=[2])]
    available: Available

    @classmethod
    def of(cls, inventory: Inventory) -> Self:
        """Render an inventory."""
        return cls(
            sku=inventory.sku,
            on_hand=inventory.on_hand,
            reserved=inventory.reserved,
            available=inventory.available,
        )
