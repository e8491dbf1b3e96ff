"""Postal addresses, and the address book of a customer.

What a country demands of an address are data: see the port `PostalRules`.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from shop.domain.pricing.places import Destination
from shop.domain.shared.errors import Conflict, InvalidValue, NotFound, ShopError
from shop.domain.shared.text import is_single_line, require_text
from shop.domain.shared.value import value

MAX_ADDRESSES = 50
"""How many addresses the book of one customer may have."""

MAX_MEMBER_CHARACTERS: Mapping[str, int] = {
    "name": 100,
    "company": 100,
    "line1": 200,
    "line2": 200,
    "postal_code": 20,
    "city": 100,
    "region": 100,
    "country": 2,
    "phone": 30,
    "vat_number": 30,
}

_NUMBERS = frozenset({"phone", "vat_number"})
"""A telephone or VAT number may look like a card number; their own rules are stricter."""


@value
class Address:
    """Where a person or company lives or receives goods; optional members are None if empty.

    `country` is an ISO 3166-1 code of two capital letters. A telephone number is in E.164, with
    its country; a VAT number begins with that of its country.
    """

    name: str
    line1: str
    country: str
    company: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    phone: str | None = None
    vat_number: str | None = None

    @property
    def destination(self) -> Destination:
        """The place that taxes and shipping depend on."""
        return Destination(country=self.country, region=self.region, postal_code=self.postal_code)

    @property
    def vat_country(self) -> str | None:
        """The country of the VAT number, by its prefix: Greece is EL."""
        return None if self.vat_number is None else self.vat_number[:2]


_REQUIRED = frozenset({"name", "line1", "country"})


def normalise_texts(address: Address) -> Address:
    """Compose and strip the texts; raise `InvalidAddress` with each that breaks a rule."""
    texts = {each.name: _normalise(getattr(address, each.name)) for each in fields(address)}
    faults = [fault for member, text in texts.items() if (fault := _find_fault(member, text))]
    if faults:
        raise InvalidAddress.of(faults)
    members: dict[str, Any] = {member: text or None for member, text in texts.items()}
    return replace(address, **members)


def _normalise(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "").strip()


def _find_fault(member: str, text: str) -> "AddressFault | None":
    if not text:
        return AddressFault(member=member, rule="is required") if member in _REQUIRED else None
    limit = MAX_MEMBER_CHARACTERS[member]
    if len(text) > limit or not is_single_line(text):
        rule = f"must be at most {limit} characters on one line"
        return AddressFault(member=member, rule=rule)
    if member in _NUMBERS:
        return None
    try:
        require_text(text, member)
    except InvalidValue as error:
        return AddressFault(member=member, rule=error.rule)
    return None


@value
class AddressFault:
    """A member of an address that breaks a rule, which completes the sentence "<member> …"."""

    member: str
    rule: str


@dataclass(kw_only=True, unsafe_hash=True)
class InvalidAddress(ShopError):
    """An address breaks rules of texts or of its country; each fault is listed."""

    faults: tuple[AddressFault, ...]

    code = "invalid-address"
    message = "The address is not valid; `faults` lists what is wrong."

    @classmethod
    def of(cls, faults: Iterable[AddressFault]) -> Self:
        """Return the error of several faults."""
        return cls(faults=tuple(faults))

    def within(self, member: str) -> Self:
        """Return the same error for an address that is a member of something else."""
        return type(self)(
            faults=tuple(
                AddressFault(member=f"{member}/{each.member}", rule=each.rule)
                for each in self.faults
            )
        )


@value
class SavedAddress:
    """An address in the address book of a customer."""

    id: UUID
    user_id: UUID
    address: Address
    created_at: datetime


class AddressNotFound(NotFound):
    """The address book of the customer has no such address."""

    code = "address-not-found"
    message = "There is no such address in your address book."


@dataclass(kw_only=True, unsafe_hash=True)
class TooManyAddresses(Conflict):
    """The address book of the customer is full."""

    limit: int

    code = "too-many-addresses"
    message = "Your address book is full: it has {limit} addresses; delete one first."
