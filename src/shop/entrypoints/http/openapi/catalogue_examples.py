"""Examples of requests about the catalogue, and of their responses."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

SKU = "TEA-EARL-GREY"
NAME = "Earl Grey, 100 g"
UNIT_PRICE: Json = {"amount": 790, "currency": "EUR"}

_DESCRIPTION: Json = {
    "name": NAME,
    "description": "Black Ceylon leaves scented with oil of bergamot from Calabria. "
    "Three minutes, just off the boil.",
    "price": UNIT_PRICE,
    "active": True,
}
_VARIANT: Json = {
    "sku": SKU,
    "price": UNIT_PRICE,
    "options": {},
    "weight_grams": 110,
    "tax_category": "reduced",
    "ships": True,
    "active": True,
    "available": 120,
}
_SAFETY: Json = {
    "manufacturer": "Teekontor GmbH",
    "address": "Speicherstadt 1, 20457 Hamburg, Germany",
    "contact": "safety@teekontor.example.com",
}
_SEO: Json = {
    "title": "Earl Grey: black tea with bergamot",
    "description": "Ceylon leaves scented with oil of bergamot, in a tin of 100 g.",
}
PRODUCT: Json = {
    "handle": SKU,
    "sku": SKU,
    **_DESCRIPTION,
    "available": 120,
    "image_url": None,
    "options": [],
    "variants": [_VARIANT],
    "categories": ["tea"],
    "images": [],
    "seo": {"title": NAME, "description": _DESCRIPTION["description"]},
}
_DETAILS: Json = {"categories": ["tea"], "safety": _SAFETY, "seo": _SEO}
_STOCK: Json = {"sku": SKU, "on_hand": 160, "reserved": 0, "available": 160}
_ADJUSTMENT: Json = {"delta": 40, "reason": "Delivery of November"}

_MOVEMENTS: Json = {
    "items": [
        {
            "id": "01932b7e-8f3c-7a18-8f5d-8e9f0a1b2c33",
            "kind": "adjustment",
            "on_hand_delta": 40,
            "reserved_delta": 0,
            "reason": "Delivery of November",
            "created_at": "2026-11-21T12:00:00Z",
        },
    ],
    "next": None,
}

REQUESTS: Mapping[str, Json] = {
    "put_product": {**_DESCRIPTION, **_DETAILS},
    "adjust_product_stock": _ADJUSTMENT,
    "adjust_stock": _ADJUSTMENT,
}
RESPONSES: Mapping[tuple[str, int], Json] = {
    ("show_variant", 200): {**_VARIANT, "handle": SKU, "name": NAME},
    ("put_product", 200): {**PRODUCT, **_DETAILS},
    ("put_product", 201): {
        **PRODUCT,
        **_DETAILS,
        "available": 0,
        "variants": [{**_VARIANT, "weight_grams": 0, "tax_category": "standard", "available": 0}],
    },
    ("list_stock_movements", 200): _MOVEMENTS,
    ("list_product_stock_movements", 200): _MOVEMENTS,
    ("adjust_product_stock", 201): {**_STOCK, "on_hand": 200, "available": 200},
    ("adjust_stock", 201): _STOCK,
}
