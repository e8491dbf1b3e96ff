"""Shipping taxed by a category of its own."""

from collections.abc import Sequence

from shop.domain.pricing.shipping.shipping_tax import ShippedGoodsTax, ShippingTax
from shop.domain.pricing.taxes.calculation import Portion
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class CategoryTax(ShippingTax):
    """The rate of a tax category, whatever is shipped."""

    category: str

    def portions(
        self, price: int, goods: Sequence[ShippedGoodsTax], treatments: TaxTreatments
    ) -> Sequence[Portion]:
        """Tax the whole price by the category."""
        del goods
        return [(treatments.of(self.category), price)]
