"""Shipping taxed by the highest rate of the goods."""

from collections.abc import Sequence

from shop.domain.pricing.shipping.shipping_tax import ShippedGoodsTax, ShippingTax
from shop.domain.pricing.taxes.calculation import Portion
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class HighestTax(ShippingTax):
    """The highest rate of the shipped lines; of equal ones, that of the first line."""

    def portions(
        self, price: int, goods: Sequence[ShippedGoodsTax], treatments: TaxTreatments
    ) -> Sequence[Portion]:
        """Tax the whole price by one rate."""
        del treatments
        highest = max(goods, key=lambda each: each.treatment.rate)
        return [(highest.treatment, price)]
