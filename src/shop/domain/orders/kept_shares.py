"""The price of an order as rows: one for each share of a discount or a tax.

The rows of an order are numbered by what they are shares of: discounts as they were applied, then
taxes. In them, `position` is None for shipping, and `line_amount` is the line at its list price.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.pricing.quoted import QuotedDiscount, QuotedTax
from shop.domain.shared.value import value


@value
class KeptDiscountShare:
    """What a promotion takes off one line; never 0."""

    number: int
    position: int | None
    promotion: str
    code: str | None
    name: str
    amount: int
    line_amount: int


@value
class KeptTaxShare:
    """What one line is taxed by one rate; 0 has a row, too."""

    number: int
    position: int | None
    name: str
    rate: int
    reason: str | None
    base: int
    amount: int
    line_amount: int


def discount_shares(pricing: OrderPricing) -> Iterator[KeptDiscountShare]:
    """Yield the shares of all discounts that are not 0."""
    for number, discount in enumerate(pricing.discounts):
        for position, amount in (*enumerate(discount.line_shares), (None, discount.shipping_share)):
            if amount:
                yield KeptDiscountShare(
                    number=number,
                    position=position,
                    promotion=discount.promotion,
                    code=discount.code,
                    name=discount.name,
                    amount=amount,
                    line_amount=_line_amount(pricing, position),
                )


def tax_shares(pricing: OrderPricing) -> Iterator[KeptTaxShare]:
    """Yield the shares of all taxes."""
    for number, tax in enumerate(pricing.taxes, start=len(pricing.discounts)):
        for share in tax.shares:
            yield KeptTaxShare(
                number=number,
                position=share.position,
                name=tax.name,
                rate=tax.rate,
                reason=tax.reason,
                base=share.base,
                amount=share.amount,
                line_amount=_line_amount(pricing, share.position),
            )


def discounts_of(shares: Iterable[KeptDiscountShare], lines: int) -> tuple[QuotedDiscount, ...]:
    """Return the discounts of an order with so many lines; shares are sorted by number."""
    discounts: list[QuotedDiscount] = []
    for _, rows in groupby(shares, key=attrgetter("number")):
        first, *others = rows
        amounts = {share.position: share.amount for share in (first, *others)}
        discounts.append(
            QuotedDiscount(
                promotion=first.promotion,
                code=first.code,
                name=first.name,
                line_shares=tuple(amounts.get(position, 0) for position in range(lines)),
                shipping_share=amounts.get(None, 0),
                amount=sum(amounts.values()),
            )
        )
    return tuple(discounts)


def taxes_of(shares: Iterable[KeptTaxShare]) -> tuple[QuotedTax, ...]:
    """Return the taxes; shares are sorted by number and position, shipping last."""
    taxes: list[QuotedTax] = []
    for _, rows in groupby(shares, key=attrgetter("number")):
        first, *others = rows
        of_tax = (first, *others)
        taxes.append(
            QuotedTax(
                name=first.name,
                rate=first.rate,
                reason=first.reason,
                positions=tuple(share.position for share in of_tax),
                bases=tuple(share.base for share in of_tax),
                amounts=tuple(share.amount for share in of_tax),
            )
        )
    return tuple(taxes)


def _line_amount(pricing: OrderPricing, position: int | None) -> int:
    line = pricing.kept_shipping if position is None else pricing.lines[position]
    return line.amount
