"""Quantities of products: the lines of carts, shipments and refunds."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.value import value

MAX_SKU_CHARACTERS = 64
SKU_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$"
MAX_QUANTITY = 10_000

_SKU = re.compile(SKU_PATTERN.removesuffix("$"))


@value
class LineQuantity:
    """A quantity of one product, named by its stock keeping unit (SKU)."""

    sku: str
    quantity: int

    def __post_init__(self) -> None:
        require_sku(self.sku)
        if not 1 <= self.quantity <= MAX_QUANTITY:
            raise InvalidValue(field="quantity", rule=f"must be 1 to {MAX_QUANTITY}")


class HasQuantity(Protocol):
    """A line of any kind that has a quantity of a product."""

    @property
    def sku(self) -> str:
        """The product's SKU."""

    @property
    def quantity(self) -> int:
        """The quantity of the product."""


def quantities_by_sku(lines: Iterable[HasQuantity]) -> Counter[str]:
    """Return the quantity of each product, in the order in which the lines name them."""
    quantities = Counter[str]()
    for line in lines:
        quantities[line.sku] += line.quantity
    return quantities


def require_sku(text: str) -> None:
    """Check a SKU: it has to fit in a path, a file and a cookie."""
    if not is_sku(text):
        raise InvalidValue(
            field="sku",
            rule=f"must be 1 to {MAX_SKU_CHARACTERS} letters, digits, '.', '-' or '_'",
        )


@lru_cache(maxsize=4096)
def is_sku(text: str) -> bool:
    """Check whether a text can be a SKU."""
    # The same products are ordered again and again.
    return len(text) <= MAX_SKU_CHARACTERS and _SKU.fullmatch(text) is not None
