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
    "weight_grams": 0,
    "tax_category": "standard",
    "ships": True,
    "active": True,
    "available": 120,
}
PRODUCT: Json = {
    "handle": SKU,
    "sku": SKU,
    **_DESCRIPTION,
    "available": 120,
    "image_url": None,
    "options": [],
    "variants": [_VARIANT],
}
_STOCK: Json = {"sku": SKU, "on_hand": 160, "reserved": 0, "available": 160}
_ADJUSTMENT: Json = {"delta": 40, "reason": "Delivery of November"}

REQUESTS: Mapping[str, Json] = {
    "put_product": _DESCRIPTION,
    "adjust_product_stock": _ADJUSTMENT,
    "adjust_stock": _ADJUSTMENT,
}
RESPONSES: Mapping[tuple[str, int], Json] = {
    ("show_variant", 200): {**_VARIANT, "handle": SKU, "name": NAME},
    ("put_product", 200): PRODUCT,
    ("put_product", 201): {
        **PRODUCT,
        "available": 0,
        "variants": [{**_VARIANT, "available": 0}],
    },
    ("adjust_product_stock", 201): {**_STOCK, "on_hand": 200, "available": 200},
    ("adjust_stock", 201): _STOCK,
}
