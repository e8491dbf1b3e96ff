"""Products and their prices."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from shop.domain.shared.errors import InvalidValue, NotFound
from shop.domain.shared.line_quantity import require_sku
from shop.domain.shared.money import Money
from shop.domain.shared.text import is_multiline_text, is_single_line, require_text
from shop.domain.shared.value import value

MAX_PRODUCT_NAME_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 4000
MAX_IMAGE_URL_CHARACTERS = 2000
MAX_PRICE = 10**9
"""In minor units; 100 cart lines of the highest quantity stay below `MAX_AMOUNT`."""

IMAGE_URL_PATTERN = r"^https?://[!-~]+$"

_NAME_RULE = f"must be 1 to {MAX_PRODUCT_NAME_CHARACTERS} characters on one line"
_DESCRIPTION_RULE = f"must be at most {MAX_DESCRIPTION_CHARACTERS} characters of text"
_IMAGE_URL = re.compile(IMAGE_URL_PATTERN.removesuffix("$"))


@value
class Product:
    """A product under a stock keeping unit (SKU); inactive products are not sold."""

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
        require_description(self.name, self.description, self.image_url)
        require_price(self.price)


@lru_cache(maxsize=1024)
def require_description(name: str, description: str, image_url: str | None) -> None:
    """Check the texts that describe a product.

    They are checked whenever a product is read, and the same products are read again and again.
    """
    if not _has_name_length(name) or not is_single_line(name):
        raise InvalidValue(field="name", rule=_NAME_RULE)
    if len(description) > MAX_DESCRIPTION_CHARACTERS or not is_multiline_text(description):
        raise InvalidValue(field="description", rule=_DESCRIPTION_RULE)
    if image_url is not None and not (
        len(image_url) <= MAX_IMAGE_URL_CHARACTERS and _IMAGE_URL.fullmatch(image_url)
    ):
        rule = f"must be an http or https URL of at most {MAX_IMAGE_URL_CHARACTERS} characters"
        raise InvalidValue(field="image_url", rule=rule)


def require_new_texts(name: str, description: str) -> None:
    """Check the length and characters of a new name and description; raise `InvalidValue`."""
    if not _has_name_length(name):
        raise InvalidValue(field="name", rule=_NAME_RULE)
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidValue(field="description", rule=_DESCRIPTION_RULE)
    require_text(name, "name", is_about_goods=True)
    require_text(description, "description", is_multiline=True, is_about_goods=True)


def _has_name_length(name: str) -> bool:
    return 1 <= len(name) <= MAX_PRODUCT_NAME_CHARACTERS


def require_price(price: Money) -> None:
    """Check a price."""
    if not 1 <= price.amount <= MAX_PRICE:
        raise InvalidValue(field="price", rule=f"must be 1 to {MAX_PRICE} minor units")


@dataclass(kw_only=True, unsafe_hash=True)
class ProductNotFound(NotFound):
    """The product does not exist, or is off sale and only staff can see it."""

    sku: str

    code = "product-not-found"
    message = "There is no product {sku}."
