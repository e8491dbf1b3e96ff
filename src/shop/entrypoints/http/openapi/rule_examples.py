"""A real example of every request and response about rules of prices, from the same story.

The shop is in Germany, ships parcels there, and has a code for new customers.
"""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def _eur(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


_NEW_YEAR = "2027-01-01T00:00:00Z"
_TAX_RATE: Json = {
    "name": "VAT 7 %",
    "category": "reduced",
    "country": "DE",
    "rate": "7.000",
    "valid_from": "2021-01-01T00:00:00Z",
}
_ZONE: Json = {"name": "Germany", "countries": ["DE"]}
_METHOD: Json = {
    "name": "Parcel",
    "zone": "germany",
    "prices": [
        {"from_weight_grams": 0, "price": _eur(490)},
        {"from_weight_grams": 5000, "price": _eur(890)},
    ],
    "free_from": _eur(5000),
    "tax": "shared",
    "estimate": "2 to 3 days",
    "active": True,
}
_PROMOTION: Json = {
    "name": "Ten per cent for you",
    "code": "WELCOME10",
    "active": True,
    "ends_at": _NEW_YEAR,
    "conditions": {"minimum": _eur(2000), "first_order": True},
    "effect": {"kind": "percentage", "percentage": "10.000"},
    "target": "order",
    "combinable": True,
    "limit": 100,
}

RULE_REQUESTS: Mapping[str, Json] = {
    "put_tax_rate": _TAX_RATE,
    "put_shipping_zone": _ZONE,
    "put_shipping_method": _METHOD,
    "put_promotion": _PROMOTION,
    "make_codes": {"count": 2, "prefix": "SPRING"},
}
"""An example request of each operation, by the operation's name."""

_SHOWN: Mapping[str, Json] = {
    "tax_rate": {"slug": "de-reduced", **_TAX_RATE},
    "shipping_zone": {"slug": "germany", **_ZONE},
    "shipping_method": {"code": "parcel", **_METHOD, "pick_up": False},
    "promotion": {"slug": "welcome", **_PROMOTION, "used": 0},
}
_CODES = ("SPRING-0KDN-7WQ3-X4RT", "SPRING-9VBM-2HZC-6FGP")

RULE_RESPONSES: Mapping[tuple[str, int], Json] = {
    **{
        (f"{operation}_{name}", status): shown
        for name, shown in _SHOWN.items()
        for operation, status in (("put", 200), ("put", 201), ("show", 200))
    },
    **{(f"list_{name}s", 200): {"items": [shown], "next": None} for name, shown in _SHOWN.items()},
    ("make_codes", 201): {"codes": list(_CODES)},
    ("list_codes", 200): {"items": [{"code": each} for each in _CODES], "next": None},
}
"""The response to that request, by the operation's name and the status."""
