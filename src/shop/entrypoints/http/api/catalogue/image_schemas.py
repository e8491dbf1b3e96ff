"""Schemas of the images of products."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, field_validator

from shop.domain.catalogue.image_files import SMALLER_WIDTHS, image_path
from shop.domain.catalogue.product_image import MAX_ALT_CHARACTERS, MAX_IMAGES, ProductImage
from shop.entrypoints.http.schemas import (
    NEW_TEXT_ABOUT_GOODS,
    RequestBody,
    ResponseBody,
    null_as,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

Alt = Annotated[
    str,
    Field(
        max_length=MAX_ALT_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["A tin of Earl Grey"],
        description="The text that stands for the image.",
    ),
]
Pixels = Annotated[int, Field(ge=1, le=12_000, examples=[1600])]
ImageUrl = Annotated[
    str,
    Field(
        examples=[
            "/media/9f/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08-1600.webp"
        ],
        description="A path of the shop; it never changes, and may be cached for a year.",
    ),
]

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "examples": ["(the bytes of the file)"],
                            "description": "JPEG, PNG, WebP or AVIF, at most 10 MB, 30 million "
                            "pixels and 12000 pixels a side.",
                        },
                        "alt": {
                            "type": "string",
                            "maxLength": MAX_ALT_CHARACTERS,
                            "examples": ["A tin of Earl Grey"],
                        },
                    },
                }
            }
        },
    }
}
"""The body of an upload, which is no JSON."""


class ImageChange(RequestBody):
    """What to change of an image: what is not given stays, and null removes the text."""

    alt: Annotated[
        str | None,
        Field(
            max_length=MAX_ALT_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["A tin of Earl Grey"],
        ),
        NEW_TEXT_ABOUT_GOODS,
        null_as(""),
    ] = None
    position: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_IMAGES - 1,
            examples=[0],
            description="The place among the images of the product; the first one is 0. It cannot "
            "be null.",
        ),
    ] = None

    @field_validator("position")
    @classmethod
    def _require_a_place(cls, position: int | None) -> int | None:
        # Asked only of a position that is given.
        if position is None:
            raise ValueError("must be a whole number; an image always has a place")
        return position


class ImageSizeResponse(ResponseBody):
    """A smaller version of an image."""

    url: ImageUrl
    width: Annotated[int, Field(ge=1, examples=[SMALLER_WIDTHS[0]])]


class ImageResponse(ResponseBody):
    """An image of a product."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a18-8f5d-8e9f0a1b2c34"])]
    url: ImageUrl
    alt: Alt
    width: Pixels
    height: Pixels
    position: Annotated[int, Field(ge=0, examples=[0])]
    sizes: Annotated[
        list[ImageSizeResponse],
        Field(description="Smaller versions, narrowest first; a job makes them after the upload."),
    ]

    @classmethod
    def of(cls, image: ProductImage) -> Self:
        """Render an image."""
        return cls(
            id=image.id,
            url=image.url,
            alt=image.alt,
            width=image.width,
            height=image.height,
            position=image.position,
            sizes=[
                ImageSizeResponse(url=image_path(image.file_of(width)), width=width)
                for width in image.sizes
            ],
        )
