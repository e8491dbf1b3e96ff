"""The price of a placed order: what it keeps of the quote that decided it."""

from collections.abc import Iterator, Sequence
from typing import Self

from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.quoted import Quote, QuotedDiscount, QuotedShipping, QuotedTax, Totals
from shop.domain.shared.value import value

TOTAL_DIFFERS = "total-differs-from-quote"
DISCOUNT_DIFFERS = "discount-differs-from-shares"
TAX_DIFFERS = "tax-differs-from-shares"
SHARE_EXCEEDS_LINE = "share-exceeds-line"


@value
class OrderPricing:
    """Lines, shipping, and all shares of discounts and taxes, in minor units.

    The position of a line is the one that it has in the order. Nothing is ever computed again.
    """

    prices_include_tax: bool
    lines: tuple[KeptLine, ...]
    shipping: QuotedShipping | None
    discounts: tuple[QuotedDiscount, ...]
    taxes: tuple[QuotedTax, ...]

    @classmethod
    def of(cls, quote: Quote) -> Self:
        """Keep a quote without problems; raise `ValueError` if its sums do not agree."""
        if quote.problems:
            raise ValueError("a quote with problems cannot become an order")
        kept = cls(
            prices_include_tax=quote.prices_include_tax,
            lines=tuple(
                KeptLine(
                    quantity=line.quantity,
                    unit_price=line.unit_price.amount,
                    discount=discount,
                    tax=tax,
                    prices_include_tax=quote.prices_include_tax,
                )
                for line, discount, tax in zip(
                    quote.lines, quote.line_discounts, quote.line_taxes, strict=True
                )
            ),
            shipping=quote.shipping,
            discounts=quote.discounts,
            taxes=quote.taxes,
        )
        if disagreements := list(kept.disagreements(quote.total.amount)):
            raise ValueError(f"the sums of a quote do not agree: {', '.join(disagreements)}")
        return kept

    @property
    def is_plain(self) -> bool:
        """Whether the lines at their prices are all, and taxes, if there are any, are in them."""
        return self.prices_include_tax and not (self.shipping or self.discounts or self.taxes)

    @property
    def has_shares(self) -> bool:
        """Whether there are discounts or taxes."""
        return bool(self.discounts or self.taxes)

    @property
    def kept_shipping(self) -> KeptLine:
        """Shipping as a line of one piece; without shipping, the line costs 0."""
        return KeptLine(
            quantity=1,
            unit_price=0 if self.shipping is None else self.shipping.price,
            discount=sum(each.shipping_share for each in self.discounts),
            tax=sum(each.shipping_share for each in self.taxes),
            prices_include_tax=self.prices_include_tax,
        )

    @property
    def totals(self) -> Totals:
        """All sums, as clients see them."""
        shipping = self.kept_shipping
        return Totals(
            subtotal=sum(line.amount for line in self.lines),
            discount=sum(discount.amount for discount in self.discounts),
            shipping=shipping.amount,
            tax=sum(tax.amount for tax in self.taxes),
            total=sum(line.paid for line in self.lines) + shipping.paid,
            prices_include_tax=self.prices_include_tax,
        )

    def disagreements(self, total: int) -> Iterator[str]:
        """Yield the rules of sums that do not hold, for the total of the order.

        The audit finds the same in the database (invariant 16).
        """
        kept = [*self.lines, self.kept_shipping]
        rows = [[*each.line_shares, each.shipping_share] for each in self.discounts]
        if sum(each.paid for each in kept) != total:
            yield TOTAL_DIFFERS
        discounts = _sums_by_position(rows, len(kept))
        if discounts != [each.discount for each in kept] or any(
            sum(shares) != each.amount for shares, each in zip(rows, self.discounts, strict=True)
        ):
            yield DISCOUNT_DIFFERS
        taxes, bases = self._taxes_and_bases()
        if taxes != [each.tax for each in kept] or (
            self.taxes and bases != [each.paid - each.tax for each in kept]
        ):
            yield TAX_DIFFERS
        if any(not 0 <= each.discount <= each.amount or each.tax < 0 for each in kept) or any(
            share < 0 for shares in rows for share in shares
        ):
            yield SHARE_EXCEEDS_LINE

    def _taxes_and_bases(self) -> tuple[Sequence[int], Sequence[int]]:
        """Return the tax and the base of each line, and of shipping as the last."""
        shipping = len(self.lines)
        taxes, bases = [0] * (shipping + 1), [0] * (shipping + 1)
        for tax in self.taxes:
            for share in tax.shares:
                position = shipping if share.position is None else share.position
                taxes[position] += share.amount
                bases[position] += share.base
        return taxes, bases


def _sums_by_position(rows: Sequence[Sequence[int]], positions: int) -> Sequence[int]:
    return [sum(row[position] for row in rows) for position in range(positions)]
