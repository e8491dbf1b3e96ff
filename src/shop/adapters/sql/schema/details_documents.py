"""What was entered beside the lines of a cart, as the JSON object in which tables store it."""

from collections.abc import Mapping
from typing import Any

from shop.adapters.sql.schema.address_documents import address_from_document, address_to_document
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails

_ADDRESSES = ("shipping_address", "billing_address")


def details_to_document(details: OrderDetails) -> Mapping[str, Any]:
    """Return the members that are given."""
    if details is NO_DETAILS:
        return {}
    document: dict[str, Any] = {"email": details.email, "shipping_method": details.shipping_method}
    document["codes"] = None if details.codes is None else list(details.codes)
    for name in _ADDRESSES:
        address = getattr(details, name)
        document[name] = None if address is None else address_to_document(address)
    return {name: each for name, each in document.items() if each is not None}


def details_from_document(document: Mapping[str, Any]) -> OrderDetails:
    """Return the details of a stored object."""
    if not document:
        return NO_DETAILS
    members = dict(document)
    for name in _ADDRESSES:
        if name in members:
            members[name] = address_from_document(members[name])
    if "codes" in members:
        members["codes"] = tuple(members["codes"])
    return OrderDetails(**members)
