"""Valid documents of rules, each to be made different in any member."""

from tests.entrypoints.http.clients import Json, eur

RATE: Json = {"name": "VAT 19 %", "category": "standard", "country": "DE", "rate": "19.000"}
ZONE: Json = {"name": "Germany", "countries": ["DE"]}
METHOD: Json = {
    "name": "Parcel",
    "zone": "germany",
    "prices": [{"from_weight_grams": 0, "price": eur(490)}],
    "tax": "shared",
    "active": True,
}
PROMOTION: Json = {
    "name": "Sale",
    "active": True,
    "conditions": {},
    "effect": {"kind": "percentage", "percentage": "10"},
    "target": "order",
    "combinable": True,
}
