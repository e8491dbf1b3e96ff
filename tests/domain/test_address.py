"""Texts of addresses, and the errors of several members at once."""

import pytest

from shop.domain.address import Address, AddressFault, InvalidAddress, normalise_texts
from shop.domain.pricing.places import Destination

ADA = Address(name="Ada Lovelace", line1="12 St James's Square", country="GB", city="London")


def _faults(address: Address) -> dict[str, str]:
    with pytest.raises(InvalidAddress) as caught:
        normalise_texts(address)
    return {each.member: each.rule for each in caught.value.faults}


def test_texts_are_composed_and_stripped() -> None:
    given = Address(name=" Ada ", line1="Cafe\u0301 1", country="FR", line2="  ", city=" Paris")

    assert normalise_texts(given) == Address(
        name="Ada", line1="Caf\u00e9 1", country="FR", line2=None, city="Paris"
    )


def test_members_without_text_are_missing() -> None:
    assert _faults(Address(name=" ", line1="", country="")) == {
        "name": "is required",
        "line1": "is required",
        "country": "is required",
    }


@pytest.mark.parametrize(
    ("member", "text", "rule"),
    [
        ("name", "x" * 101, "must be at most 100 characters on one line"),
        ("line2", "x" * 201, "must be at most 200 characters on one line"),
        ("city", "Lon\ndon", "must be at most 100 characters on one line"),
        ("region", "Kent\u202e", "must not contain U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("company", "4111 1111 1111 1111", "must not contain a card number"),
        ("line1", "4111111111111111", "must not contain a card number"),
        ("postal_code", "x" * 21, "must be at most 20 characters on one line"),
    ],
)
def test_text_that_people_may_not_write_is_rejected(member: str, text: str, rule: str) -> None:
    members = {"name": "Ada", "line1": "1", "country": "GB", member: text}

    assert _faults(Address(**members)) == {member: rule}


def test_telephone_number_may_look_like_that_of_a_card() -> None:
    given = Address(name="Ada", line1="1", country="GB", phone="4111 1111 1111 1111")

    assert normalise_texts(given) == given


def test_place_and_trader_are_what_taxes_depend_on() -> None:
    address = Address(
        name="Ada", line1="1", country="GR", postal_code="104 31", vat_number="EL094259216"
    )

    assert address.destination == Destination(country="GR", region=None, postal_code="104 31")
    assert (address.vat_country, ADA.vat_country) == ("EL", None)


def test_error_within_another_object_names_its_members_there() -> None:
    error = InvalidAddress.of([AddressFault(member="city", rule="is required")])

    assert error.within("shipping_address") == InvalidAddress(
        faults=(AddressFault(member="shipping_address/city", rule="is required"),)
    )
    assert normalise_texts(ADA) == ADA
