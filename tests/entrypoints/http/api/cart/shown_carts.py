"""What the shop shows of carts in which no rule changes a price."""

from collections.abc import Sequence

from tests.entrypoints.http.clients import Json, eur


def totals(amount: int) -> Json:
    """Return the sums of lines that cost this, without discounts, shipping and taxes."""
    nothing = dict.fromkeys(("discount", "shipping", "tax"), eur(0))
    return {
        **nothing,
        "subtotal": eur(amount),
        "total": eur(amount),
        "prices_include_tax": True,
    }


EMPTY_CART = {
    "lines": [],
    "codes": [],
    "total": eur(0),
    "totals": totals(0),
    "taxes": [],
    "discounts": [],
    "problems": [{"code": "empty-cart"}],
}


def line(sku: str, quantity: int, available: int = 10, *problems: str) -> Json:
    return {
        "sku": sku,
        "name": f"The {sku.lower()}",
        "options": {},
        "quantity": quantity,
        "unit_price": eur(500),
        "amount": eur(500 * quantity),
        "discount": eur(0),
        "tax": eur(0),
        "available": available,
        "problems": list(problems),
    }


def cart(*lines: Json, problems: Sequence[Json] = ()) -> Json:
    total = sum(line["amount"]["amount"] for line in lines)
    return {
        **EMPTY_CART,
        "lines": list(lines),
        "total": eur(total),
        "totals": totals(total),
        "problems": list(problems),
    }
