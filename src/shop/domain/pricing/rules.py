"""The rules that price carts: taxes, shipping and promotions of one shop."""

from enum import StrEnum

from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.shipping.shipping_zone import ShippingZone
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value


class TaxRounding(StrEnum):
    """How often taxes are rounded."""

    DOCUMENT = "document"  # Once for each rate, then shared (EN 16931, BR-CO-17).
    LINE = "line"  # For each line and rate.


@value
class PricingRules:
    """All rules of a shop, of one version; amounts have the shop's currency.

    `home` is where the seller is. Promotions are sorted by slug.
    """

    currency: Currency
    home: Destination
    prices_include_tax: bool
    tax_rounding: TaxRounding
    tax_table: TaxTable
    shipping_zones: tuple[ShippingZone, ...]
    shipping_methods: tuple[ShippingMethod, ...]
    promotions: tuple[Promotion, ...]

    @property
    def leave_prices_alone(self) -> bool:
        """Whether each cart without codes costs its lines at their prices."""
        return (
            self.prices_include_tax
            and self.tax_table.is_empty
            and not self.shipping_zones
            and not self.promotions
        )

    def __post_init__(self) -> None:
        slugs = [promotion.slug for promotion in self.promotions]
        if slugs != sorted(set(slugs)):
            raise InvalidValue(field="promotions", rule="must be sorted by unique slugs")
