"""Schemas of what a product says for search engines and about safe use."""

from typing import Annotated, Self

from pydantic import Field

from shop.domain.catalogue.product_details import (
    MAX_SAFETY_CHARACTERS,
    MAX_SEO_DESCRIPTION_CHARACTERS,
    MAX_SEO_TITLE_CHARACTERS,
    ProductSafety,
    Seo,
    shown_seo,
)
from shop.domain.shared.errors import within
from shop.entrypoints.http.schemas import (
    NEW_DESCRIPTION,
    NEW_TEXT_ABOUT_GOODS,
    RequestBody,
    ResponseBody,
    is_none,
)
from shop.entrypoints.validation_messages import MULTILINE_TEXT_PATTERN, SINGLE_LINE_PATTERN

SeoTitle = Annotated[
    str,
    Field(
        max_length=MAX_SEO_TITLE_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Earl Grey: black tea with bergamot"],
    ),
]
SeoDescription = Annotated[
    str,
    Field(
        max_length=MAX_SEO_DESCRIPTION_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Ceylon leaves scented with oil of bergamot. Three minutes, just off the boil."],
    ),
]
SafetyLine = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_SAFETY_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["Teekanne & Co."],
    ),
]
SafetyText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_SAFETY_CHARACTERS,
        pattern=MULTILINE_TEXT_PATTERN,
        examples=["Hafenstraße 1, 20457 Hamburg, Germany"],
    ),
]
Contact = Annotated[SafetyLine, Field(examples=["safety@example.com"])]


class SeoInput(RequestBody):
    """What search engines show; what is missing is made from the name and the description."""

    title: Annotated[
        SeoTitle | None,
        NEW_TEXT_ABOUT_GOODS,
        Field(examples=["Earl Grey: black tea with bergamot"]),
    ] = None
    description: Annotated[
        SeoDescription | None,
        NEW_TEXT_ABOUT_GOODS,
        Field(examples=["Ceylon leaves scented with oil of bergamot."]),
    ] = None

    def to_seo(self) -> Seo | None:
        """Return the texts; None without one."""
        if not (self.title or self.description):
            return None
        with within("seo"):
            return Seo(title=self.title or None, description=self.description or None)


class SeoResponse(ResponseBody):
    """What search engines show."""

    title: SeoTitle
    description: SeoDescription

    @classmethod
    def of(cls, seo: Seo | None, name: str, description: str) -> Self:
        """Render the texts of a product."""
        title, text = shown_seo(seo, name, description)
        return cls(title=title, description=text)


class SafetyInput(RequestBody):
    """Whom to ask about the safety of a product, and what to mind (Regulation (EU) 2023/988)."""

    manufacturer: Annotated[SafetyLine, NEW_TEXT_ABOUT_GOODS]
    address: Annotated[SafetyText, NEW_DESCRIPTION]
    contact: Annotated[Contact, NEW_TEXT_ABOUT_GOODS]
    responsible_person: Annotated[
        SafetyText | None,
        NEW_DESCRIPTION,
        Field(
            examples=["Teekontor GmbH, 20457 Hamburg, Germany"],
            description="In the Union, if the manufacturer is outside it.",
        ),
    ] = None
    warnings: Annotated[
        SafetyText | None, NEW_DESCRIPTION, Field(examples=["Not for children under 3 years."])
    ] = None

    def to_safety(self) -> ProductSafety:
        """Return the texts; raise `InvalidValue`."""
        with within("safety"):
            return ProductSafety(
                manufacturer=self.manufacturer,
                address=self.address,
                contact=self.contact,
                responsible_person=self.responsible_person,
                warnings=self.warnings,
            )


class SafetyResponse(ResponseBody):
    """Whom to ask about the safety of a product, and what to mind."""

    manufacturer: SafetyLine
    address: SafetyText
    contact: Contact
    responsible_person: Annotated[SafetyText | None, Field(exclude_if=is_none)]
    warnings: Annotated[
        SafetyText | None,
        Field(exclude_if=is_none, examples=["Not for children under 3 years."]),
    ]

    @classmethod
    def of(cls, safety: ProductSafety) -> Self:
        """Render the texts of a product."""
        return cls(
            manufacturer=safety.manufacturer,
            address=safety.address,
            contact=safety.contact,
            responsible_person=safety.responsible_person,
            warnings=safety.warnings,
        )
