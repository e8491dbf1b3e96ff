"""Examples of the address book."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_ADDRESS: Json = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "postal_code": "SW1Y 4JH",
    "city": "London",
    "country": "GB",
    "phone": "+442079250918",
}
_SAVED_ADDRESS: Json = {
    "id": "01932b7e-8f3c-7a17-9c4e-7d8e9f0a1b23",
    "company": None,
    "line2": None,
    "region": None,
    "vat_number": None,
    "created_at": "2026-11-21T12:00:00Z",
    **_ADDRESS,
}
_MORE: Json = {"line2": "2nd floor"}

ADDRESS_REQUESTS: Mapping[str, Json] = {
    "add_address": _ADDRESS,
    "replace_address": {**_ADDRESS, **_MORE},
}
ADDRESS_RESPONSES: Mapping[tuple[str, int], Json] = {
    ("list_addresses", 200): {"items": [_SAVED_ADDRESS], "next": None},
    ("add_address", 201): _SAVED_ADDRESS,
    ("replace_address", 200): {**_SAVED_ADDRESS, **_MORE},
}
