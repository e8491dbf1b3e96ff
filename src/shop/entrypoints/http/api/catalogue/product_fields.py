"""The fields of products that several schemas have."""

from typing import Annotated

from pydantic import Field

from shop.domain.catalogue.product import (
    HANDLE_PATTERN,
    MAX_DESCRIPTION_CHARACTERS,
    MAX_HANDLE_CHARACTERS,
    MAX_IMAGE_URL_CHARACTERS,
    MAX_PRODUCT_NAME_CHARACTERS,
)
from shop.entrypoints.http.schemas import (
    NEW_DESCRIPTION,
    NEW_TEXT_ABOUT_GOODS,
    VISIBLE_CHARACTERS,
)
from shop.entrypoints.validation_messages import (
    MULTILINE_TEXT_PATTERN,
    SHOWN_IMAGE_PATTERN,
    SINGLE_LINE_PATTERN,
)

Handle = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_HANDLE_CHARACTERS,
        pattern=HANDLE_PATTERN,
        examples=["TEA-EARL-GREY"],
        description="The permanent name of a product.",
    ),
]

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
        pattern=SHOWN_IMAGE_PATTERN,
        examples=["https://example.com/earl-grey.jpg"],
    ),
]
# Requests only: products of earlier releases may have names that a new one may not have.
NewProductName = Annotated[ProductName, NEW_TEXT_ABOUT_GOODS]
NewDescription = Annotated[Description, NEW_DESCRIPTION]
NewImageUrl = Annotated[ImageUrl, VISIBLE_CHARACTERS]
