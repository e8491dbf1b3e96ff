"""Shipping taxed like the goods: it follows what is shipped, as an ancillary service."""

from collections.abc import Sequence
from typing import ClassVar

from shop.domain.pricing.arithmetic import share_out
from shop.domain.pricing.shipping.shipping_tax import ShippedGoodsTax, ShippingTax
from shop.domain.pricing.taxes.calculation import Portion
from shop.domain.pricing.taxes.treatments import TaxTreatments
from shop.domain.shared.value import value


@value
class SharedTax(ShippingTax):
    """All rates of the shipped lines, shared by what is left of their amounts.

    If nothing is left of any line, the price is divided evenly among the lines.
    """

    depends_on_amounts: ClassVar[bool] = True

    def portions(
        self, price: int, goods: Sequence[ShippedGoodsTax], treatments: TaxTreatments
    ) -> Sequence[Portion]:
        """Share the price out among the rates, in the order in which the lines have them."""
        del treatments
        values = [each.amount for each in goods]
        shares = share_out(price, values if any(values) else [each.lines for each in goods])
        return [(each.treatment, share) for each, share in zip(goods, shares, strict=True)]
