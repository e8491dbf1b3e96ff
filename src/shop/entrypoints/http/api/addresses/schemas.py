"""Schemas of addresses."""

from dataclasses import fields
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from shop.application.ports.paging import Page, TimeCursor
from shop.domain.address import MAX_MEMBER_CHARACTERS, Address, SavedAddress
from shop.domain.pricing.places import COUNTRY_PATTERN
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    NEW_TEXT,
    VISIBLE_CHARACTERS,
    NextCursor,
    RequestBody,
    ResponseBody,
    Time,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN


def _member(name: str, example: str, description: str | None = None) -> Any:  # noqa: ANN401  A field.
    return Field(
        min_length=1,
        max_length=MAX_MEMBER_CHARACTERS[name],
        pattern=SINGLE_LINE_PATTERN,
        examples=[example],
        description=description,
    )


Name = Annotated[str, _member("name", "Ada Lovelace")]
Company = Annotated[str | None, _member("company", "Analytical Engines Ltd")]
Line1 = Annotated[str, _member("line1", "12 St James's Square", "The street and the number.")]
Line2 = Annotated[str | None, _member("line2", "2nd floor")]
PostalCode = Annotated[
    str | None,
    _member(
        "postal_code",
        "SW1Y 4JH",
        "Required where the country has postal codes; written as the country does.",
    ),
]
City = Annotated[str | None, _member("city", "London", "Required where the country writes one.")]
Region = Annotated[
    str | None,
    _member(
        "region",
        "Greater London",
        "The state, province or county. Where the country has a list of them, one of that list, "
        "by its name or its code; required where the country writes one.",
    ),
]
Country = Annotated[
    str,
    Field(
        min_length=2,
        max_length=2,
        pattern=COUNTRY_PATTERN,
        examples=["GB"],
        description="An ISO 3166-1 code of two capital letters.",
    ),
]
Phone = Annotated[
    str | None,
    _member("phone", "+442079250918", "With its country, or else a number of the address's."),
]
VatNumber = Annotated[
    str | None,
    _member("vat_number", "GB980780684", "Its form is checked, not whether it is registered."),
]


class AddressInput(RequestBody):
    """An address; each country has its own rules for the members."""

    name: Annotated[Name, NEW_TEXT]
    company: Annotated[Company, NEW_TEXT] = None
    line1: Annotated[Line1, NEW_TEXT]
    line2: Annotated[Line2, NEW_TEXT] = None
    postal_code: Annotated[PostalCode, NEW_TEXT] = None
    city: Annotated[City, NEW_TEXT] = None
    region: Annotated[Region, NEW_TEXT] = None
    country: Country
    # Numbers may look like those of cards; their own rules are stricter.
    phone: Annotated[Phone, VISIBLE_CHARACTERS] = None
    vat_number: Annotated[VatNumber, VISIBLE_CHARACTERS] = None

    def to_address(self) -> Address:
        """Return the address as it was given."""
        return Address(**self.model_dump())


class AddressResponse(ResponseBody):
    """An address, written as its country does."""

    name: Name
    company: Company
    line1: Line1
    line2: Line2
    postal_code: PostalCode
    city: City
    region: Region
    country: Country
    phone: Annotated[Phone, Field(description="In E.164.")]
    vat_number: Annotated[VatNumber, Field(description="It begins with its country.")]

    @classmethod
    def of(cls, address: Address) -> Self:
        """Render an address."""
        return cls(**_members(address))


class SavedAddressResponse(AddressResponse):
    """An address of the address book."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a17-9c4e-7d8e9f0a1b23"])]
    created_at: Time

    @classmethod
    def of_saved(cls, saved: SavedAddress) -> Self:
        """Render an address of the book."""
        return cls(id=saved.id, created_at=saved.created_at, **_members(saved.address))


class AddressList(ResponseBody):
    """A page of the address book, newest first."""

    items: list[SavedAddressResponse]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[SavedAddress, TimeCursor]) -> Self:
        """Render a page of the book."""
        return cls(
            items=[SavedAddressResponse.of_saved(each) for each in page.items],
            next=encode_time_cursor(page.next),
        )


def _members(address: Address) -> dict[str, Any]:
    return {each.name: getattr(address, each.name) for each in fields(address)}
