"""Shipping taxed by the highest rate of the goods."""

from collections.abc import Sequence

from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.taxes.calculation import ShippingPortion
from shop.domain.pricing.taxes.tax_group import TaxGroup
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class HighestTax(ShippingTax):
    """The highest rate of the lines that ship; of equal ones, that of the first line."""

    def portions(
        self,
        price: int,
        groups: Sequence[TaxGroup],
        left: Sequence[int],
        treatments: TaxTreatments,
    ) -> Sequence[ShippingPortion]:
        """Tax the whole price by one rate."""
        del left, treatments
        highest = max(groups, key=lambda each: each.treatment.rate)
        return [ShippingPortion(treatment=highest.treatment, amount=price)]
