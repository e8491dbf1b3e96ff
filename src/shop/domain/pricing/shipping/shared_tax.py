"""Shipping taxed like the goods: an ancillary service follows what is shipped."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_out
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.pricing.taxes.calculation import ShippingPortion
from shop.domain.pricing.taxes.tax_group import TaxGroup
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class SharedTax(ShippingTax):
    """All rates of the lines that ship, by what is left of these lines.

    If nothing is left of any line, the price is divided evenly among the lines.
    """

    depends_on_amounts: ClassVar[bool] = True

    def portions(
        self,
        price: int,
        groups: Sequence[TaxGroup],
        left: Sequence[int],
        treatments: TaxTreatments,
    ) -> Sequence[ShippingPortion]:
        """Share the price out among the rates."""
        del treatments
        weights = [sum([left[position] for position in group.shipped]) for group in groups]
        if not any(weights):
            weights = [len(group.shipped) for group in groups]
        return [
            ShippingPortion(treatment=group.treatment, amount=share)
            for group, share in zip(groups, share_out(price, weights), strict=True)
        ]
