"""Computes taxes: rounded once for each rate, or once for each line and rate."""

from collections.abc import Sequence

from shop.domain.pricing.arithmetic import divide_half_up, share_out
from shop.domain.pricing.percentages import WHOLE, percentage_of
from shop.domain.pricing.quoted import QuotedTax
from shop.domain.pricing.taxes.tax_group import TaxGroup
from shop.domain.pricing.taxes.tax_rule import TaxTreatment
from shop.domain.shared.value import value


@value
class ShippingPortion:
    """A part of the price of shipping, and how it is taxed."""

    treatment: TaxTreatment
    amount: int


class TaxCalculation:
    """Computes taxes by the two settings of a shop."""

    def __init__(self, *, prices_include_tax: bool, rounds_lines: bool) -> None:
        self._prices_include_tax = prices_include_tax
        self._rounds_lines = rounds_lines

    def taxes(
        self,
        groups: Sequence[TaxGroup],
        left: Sequence[int],
        shipping: Sequence[ShippingPortion],
    ) -> tuple[QuotedTax, ...]:
        """Return the tax of each group with its portion of shipping, then of the others.

        `left` is what is taxed of each line, by position.
        """
        portions = {(each.treatment.rate, each.treatment.reason): each for each in shipping}
        taxes: list[QuotedTax] = []
        for group in groups:
            treatment = group.treatment
            positions: Sequence[int | None] = group.positions
            amounts = [left[position] for position in group.positions]
            portion = portions.pop((treatment.rate, treatment.reason), None)
            if portion is not None:
                positions = [*positions, None]
                amounts.append(portion.amount)
            taxes.append(self._tax_together(treatment, positions, amounts))
        taxes += [
            self._tax_together(each.treatment, [None], [each.amount]) for each in portions.values()
        ]
        return tuple(taxes)

    def _tax_together(
        self, treatment: TaxTreatment, positions: Sequence[int | None], amounts: Sequence[int]
    ) -> QuotedTax:
        rate = treatment.rate
        if self._rounds_lines:
            taxes = [self._tax(amount, rate) for amount in amounts]
        else:
            taxes = share_out(self._tax(sum(amounts), rate), amounts)
        bases = amounts
        if self._prices_include_tax:
            bases = [amount - tax for amount, tax in zip(amounts, taxes, strict=True)]
        return QuotedTax(
            name=treatment.name,
            rate=rate,
            reason=treatment.reason,
            positions=tuple(positions),
            bases=tuple(bases),
            amounts=tuple(taxes),
        )

    def _tax(self, amount: int, rate: int) -> int:
        if self._prices_include_tax:
            return amount - divide_half_up(amount * WHOLE, WHOLE + rate)
        return percentage_of(amount, rate)
