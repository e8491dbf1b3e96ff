"""The terms of prices that the operator chooses."""

from shop.domain.pricing.places import Destination
from shop.domain.pricing.rules import TaxRounding
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value


@value
class PricingPolicy:
    """The currency, where the seller is, and how taxes are part of prices.

    `home` is None if the operator has not said it; such a shop cannot have tax rates.
    """

    currency: Currency
    home: Destination | None
    prices_include_tax: bool
    tax_rounding: TaxRounding
