"""Variants: what is sold of a product, each under its SKU and at its price."""

from dataclasses import replace
from datetime import datetime

from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.line_quantity import require_sku
from shop.domain.shared.money import Money
from shop.domain.shared.tax_category import STANDARD_TAX_CATEGORY, require_tax_category
from shop.domain.shared.value import value

MAX_PRICE = 10**9
"""In minor units; 100 cart lines of the highest quantity stay below `MAX_AMOUNT`."""

MAX_WEIGHT_GRAMS = 1_000_000

BARCODE_LENGTHS = (8, 12, 13, 14)
"""Digits of a GTIN (GS1 General Specifications, section 3.3)."""


@value
class ChosenOption:
    """What a variant is in one option of its product: its size is M."""

    name: str
    value: str


@value
class Variant:
    """A variant of a product; one that is inactive or archived is not sold.

    A SKU belongs to one product for ever. `compare_at_price` is the higher price of before, and
    `ships` says whether there is anything to send.
    """

    sku: str
    price: Money
    compare_at_price: Money | None = None
    options: tuple[ChosenOption, ...] = ()
    weight_grams: int = 0
    tax_category: str = STANDARD_TAX_CATEGORY
    barcode: str | None = None
    ships: bool = True
    active: bool = True
    archived_at: datetime | None = None

    def __post_init__(self) -> None:
        require_sku(self.sku)
        require_price(self.price)
        if self.compare_at_price is not None:
            require_price(self.compare_at_price, "compare_at_price")
            if not self.price < self.compare_at_price:
                raise InvalidValue(field="compare_at_price", rule="must be more than the price")
        if not 0 <= self.weight_grams <= MAX_WEIGHT_GRAMS:
            rule = f"must be 0 to {MAX_WEIGHT_GRAMS} grams"
            raise InvalidValue(field="weight_grams", rule=rule)

    def at_price(self, price: Money) -> "Variant":
        """Return it at another price; one that is not lower than that of before is no reduction."""
        before = self.compare_at_price
        is_reduced = before is not None and price < before
        return replace(self, price=price, compare_at_price=before if is_reduced else None)

    @property
    def is_sold(self) -> bool:
        """Whether customers can buy it, as far as the variant itself decides."""
        return self.active and self.archived_at is None


@value
class SoldVariant:
    """All that carts and orders need of a variant; `product` is the handle of its product."""

    sku: str
    product: str
    name: str
    options: tuple[ChosenOption, ...]
    image_url: str | None
    price: Money
    weight_grams: int
    tax_category: str
    ships: bool
    is_for_sale: bool


def require_price(price: Money, field: str = "price") -> None:
    """Check a price."""
    if not 1 <= price.amount <= MAX_PRICE:
        raise InvalidValue(field=field, rule=f"must be 1 to {MAX_PRICE} minor units")


def require_new_variant(variant: Variant) -> None:
    """Check what a stored variant need not fulfil; raise `InvalidValue`."""
    if variant.barcode is not None and not is_barcode(variant.barcode):
        rule = "must be a GTIN of 8, 12, 13 or 14 digits with a correct check digit"
        raise InvalidValue(field="barcode", rule=rule)
    require_tax_category(variant.tax_category)


def is_barcode(text: str) -> bool:
    """Check the length and the check digit of a GTIN (GS1 General Specifications, 7.9)."""
    if not (text.isascii() and text.isdecimal()) or len(text) not in BARCODE_LENGTHS:
        return False
    weighted = sum(
        int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(reversed(text))
    )
    return weighted % 10 == 0
