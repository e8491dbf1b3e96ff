"""A quote: what each line and the shipping cost, and every share of discounts and taxes.

Carts show it, orders are decided by it and keep its rows, and refunds return parts of them.
"""

from collections.abc import Iterator

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class QuotedDiscount:
    """What a promotion takes off: a share for each line of the quote, and one for shipping.

    `amount` is the sum of its shares.
    """

    promotion: str
    code: str | None
    name: str
    line_shares: tuple[int, ...]
    shipping_share: int
    amount: int


@value
class TaxShare:
    """What one line is taxed; `position` is that of the line, None for shipping."""

    position: int | None
    base: int
    amount: int


@value
class QuotedTax:
    """The tax of one rate and reason, with a share for each line that is taxed by it.

    `rate` is in thousandths of a per cent. A rate of 0 has a reason. The shares are in `positions`,
    `bases` and `amounts`, side by side.
    """

    name: str
    rate: int
    reason: str | None
    positions: tuple[int | None, ...]
    bases: tuple[int, ...]
    amounts: tuple[int, ...]

    @property
    def base(self) -> int:
        """What is taxed, without the tax."""
        return sum(self.bases)

    @property
    def amount(self) -> int:
        """The whole tax: the sum of its shares."""
        return sum(self.amounts)

    @property
    def shares(self) -> Iterator[TaxShare]:
        """The share of each line."""
        for position, base, amount in zip(self.positions, self.bases, self.amounts, strict=True):
            yield TaxShare(position=position, base=base, amount=amount)


@value
class QuotedShipping:
    """The shipping method, and its price before promotions."""

    method: str
    name: str
    price: int


@value
class QuoteProblem:
    """What stops the order of a cart, as a stable code, with the values of the order's error."""

    code: str
    entered_code: str | None = None
    condition: str | None = None
    shipping_method: str | None = None


@value
class Quote:
    """The price of a cart; amounts are minor units of its currency."""

    currency: Currency
    prices_include_tax: bool
    lines: tuple[LineToQuote, ...]
    shipping: QuotedShipping | None
    discounts: tuple[QuotedDiscount, ...]
    taxes: tuple[QuotedTax, ...]
    problems: tuple[QuoteProblem, ...]
    total: Money

    @property
    def subtotal(self) -> int:
        """The lines at their list prices."""
        return sum(line.unit_price.amount * line.quantity for line in self.lines)

    @property
    def discount(self) -> int:
        """All discounts, those on shipping too."""
        return sum(discount.amount for discount in self.discounts)

    @property
    def shipping_price(self) -> int:
        """The price of shipping before promotions."""
        return 0 if self.shipping is None else self.shipping.price

    @property
    def tax(self) -> int:
        """All taxes, whether prices include them or not."""
        return sum(tax.amount for tax in self.taxes)

    def line_discount(self, position: int) -> int:
        """Return what all promotions take off a line."""
        return sum(discount.line_shares[position] for discount in self.discounts)

    def line_tax(self, position: int) -> int:
        """Return the tax of a line."""
        shares = (share for tax in self.taxes for share in tax.shares)
        return sum(share.amount for share in shares if share.position == position)
