"""Examples of requests about the cart, and of their responses.

Ada fills her cart in a shop without rules. Later, once the shop ships to Germany and has a code for
new customers, Grace fills hers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shop.entrypoints.http.openapi.catalogue_examples import NAME, SKU, UNIT_PRICE

Json = Mapping[str, Any]


def _eur(amount: int) -> Json:
    return {"amount": amount, "currency": "EUR"}


def _totals(subtotal: int, discount: int = 0, shipping: int = 0, tax: int = 0) -> Json:
    return {
        "subtotal": _eur(subtotal),
        "discount": _eur(discount),
        "shipping": _eur(shipping),
        "tax": _eur(tax),
        "total": _eur(subtotal - discount + shipping),
        "prices_include_tax": True,
    }


def _line(quantity: int, discount: int = 0, tax: int = 0) -> Json:
    return {
        "sku": SKU,
        "name": NAME,
        "options": {},
        "quantity": quantity,
        "unit_price": UNIT_PRICE,
        "amount": _eur(quantity * UNIT_PRICE["amount"]),
        "discount": _eur(discount),
        "tax": _eur(tax),
        "available": 120,
        "problems": [],
    }


def _cart(lines: Sequence[Json], totals: Json, **members: object) -> Json:
    cart: Json = {"lines": lines, "codes": [], "taxes": [], "discounts": [], "problems": []}
    return {**cart, "totals": totals, "total": totals["total"], **members}


CART = _cart([_line(2)], _totals(1580))
EMPTY_CART = _cart([], _totals(0), problems=[{"code": "empty-cart"}])

_ADDRESS: Json = {
    "name": "Grace Hopper",
    "line1": "Unter den Linden 1",
    "postal_code": "10117",
    "city": "Berlin",
    "country": "DE",
}
_DETAILS: Json = {"email": "grace@example.com", "shipping_method": "parcel"}
_NOT_GIVEN: Json = dict.fromkeys(("company", "line2", "region", "phone", "vat_number"))


def _taxed(line: Json, totals: Json, base: int, **members: object) -> Json:
    """Return the cart that is shipped to Berlin."""
    vat = {
        "name": "VAT 7 %",
        "rate": "7.000",
        "base": _eur(base),
        "amount": totals["tax"],
        "reason": None,
    }
    shipped = {**_DETAILS, "shipping_address": {**_ADDRESS, **_NOT_GIVEN}}
    return _cart([line], totals, taxes=[vat], **shipped, **members)


_SHIPPED = _taxed(_line(3, tax=155), _totals(2370, shipping=490, tax=187), base=2673)
_DISCOUNTED = _taxed(
    _line(3, discount=237, tax=140),
    _totals(2370, discount=237, shipping=490, tax=172),
    base=2451,
    codes=["WELCOME10"],
    discounts=[
        {
            "promotion": "welcome",
            "code": "WELCOME10",
            "name": "Ten per cent for you",
            "amount": _eur(237),
        }
    ],
)

CART_REQUESTS: Mapping[str, Json] = {
    "put_cart_line": {"quantity": 2},
    "change_cart_details": {**_DETAILS, "shipping_address": _ADDRESS},
    "add_cart_code": {"code": "welcome10"},
}
CART_RESPONSES: Mapping[tuple[str, int], Json] = {
    ("put_cart_line", 200): CART,
    ("show_cart", 200): CART,
    ("remove_cart_line", 200): EMPTY_CART,
    ("clear_cart", 200): EMPTY_CART,
    ("change_cart_details", 200): _SHIPPED,
    ("list_cart_shipping_methods", 200): {
        "items": [
            {
                "code": "parcel",
                "name": "Parcel",
                "price": _eur(490),
                "estimate": "2 to 3 days",
            }
        ]
    },
    ("add_cart_code", 200): _DISCOUNTED,
    ("remove_cart_code", 200): _SHIPPED,
}
