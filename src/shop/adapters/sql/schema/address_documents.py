"""Addresses as the JSON objects in which tables store them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from shop.domain.address import Address

_MEMBERS = tuple(each.name for each in fields(Address))


def address_to_document(address: Address) -> Mapping[str, str]:
    """Return the members that the address has."""
    texts = {name: getattr(address, name) for name in _MEMBERS}
    return {name: text for name, text in texts.items() if text is not None}


def address_from_document(document: Mapping[str, Any]) -> Address:
    """Return the address of a stored object."""
    return Address(**document)
