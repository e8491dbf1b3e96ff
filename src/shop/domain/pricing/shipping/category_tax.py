"""Shipping taxed by a category of its own."""

from collections.abc import Sequence

from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.taxes.calculation import ShippingPortion
from shop.domain.pricing.taxes.tax_group import TaxGroup
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class CategoryTax(ShippingTax):
    """The rate of a tax category, whatever is shipped."""

    category: str

    def portions(
        self,
        price: int,
        groups: Sequence[TaxGroup],
        left: Sequence[int],
        treatments: TaxTreatments,
    ) -> Sequence[ShippingPortion]:
        """Tax the whole price by the category."""
        del groups, left
        return [ShippingPortion(treatment=treatments.of(self.category), amount=price)]
