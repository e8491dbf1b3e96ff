"""The taxes of a cart: how each line is taxed, and how much it is."""

from collections.abc import Sequence

from shop.domain.pricing.goods import Goods
from shop.domain.pricing.quoted import QuotedTax
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.shipping_method import ShippingMethod
from shop.domain.pricing.taxes.calculation import TaxCalculation
from shop.domain.pricing.taxes.tax_group import group_lines
from shop.domain.pricing.taxes.tax_rule import Sale
from shop.domain.pricing.taxes.treatments import TaxTreatments


class CartTaxes:
    """The taxes of one cart, with whatever promotions."""

    def __init__(self, goods: Goods, sale: Sale, rules: PricingRules) -> None:
        self._treatments = TaxTreatments(sale)
        self._groups = group_lines(goods.lines, self._treatments)
        self._shipped_groups = sorted(
            (group for group in self._groups if group.shipped), key=lambda group: group.shipped[0]
        )
        self._calculation = TaxCalculation(
            prices_include_tax=rules.prices_include_tax,
            rounds_lines=rules.tax_rounding is TaxRounding.LINE,
        )

    def of(
        self, left: Sequence[int], method: ShippingMethod | None, shipping_left: int
    ) -> tuple[QuotedTax, ...]:
        """Return the taxes of what is left of each line, and of shipping."""
        if method is None:
            return self._calculation.taxes(self._groups, left, ())
        groups = self._shipped_groups
        portions = method.tax.portions(shipping_left, groups, left, self._treatments)
        return self._calculation.taxes(self._groups, left, portions)
