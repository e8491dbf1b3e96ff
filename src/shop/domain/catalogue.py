"""The catalogue: what is sold, and for how much."""

import re
from dataclasses import dataclass
from datetime import datetime

from shop.domain.errors import NotFound, RuleBroken
from shop.domain.money import Money

MAX_SKU_CHARACTERS = 64
MAX_PRODUCT_NAME_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 4000
MAX_PRICE = 10**9
"""The highest price, in minor units: a hundred lines at the highest quantity still add up."""

SKU_PATTERN = r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$"

_SKU = re.compile(SKU_PATTERN.removesuffix("$"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something for sale under a stock keeping unit (SKU); inactive products are not sold."""

    sku: str
    name: str
    description: str
    price: Money
    active: bool
    image_url: str | None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        require_sku(self.sku)
        if not 0 < self.price.amount <= MAX_PRICE:
            raise RuleBroken(field="price", rule=f"a price has 1 to {MAX_PRICE} minor units")


def require_sku(text: str) -> None:
    """Raise `RuleBroken` unless the text can name a product in a path, a file and a cookie."""
    if len(text) > MAX_SKU_CHARACTERS or not _SKU.fullmatch(text):
        raise RuleBroken(
            field="sku",
            rule=f"a SKU has 1 to {MAX_SKU_CHARACTERS} letters, digits, '.', '-' or '_'",
        )


@dataclass(kw_only=True, unsafe_hash=True)
class ProductNotFound(NotFound):
    """No such product is for sale."""

    sku: str

    sentence = "There is no product {sku}."
