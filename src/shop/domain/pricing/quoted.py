"""A quote: what lines and shipping cost, with every share of discounts and taxes.

Carts show it, orders are decided by it and keep its rows, and refunds return parts of them.
"""

from uuid import UUID

from shop.domain.pricing.cart_to_quote import LineToQuote
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class QuotedDiscount:
    """What a promotion takes off: a share for each line, and one for shipping.

    `amount` is the sum of its shares, and never 0.
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
    """The tax of one rate and reason, with a share for each line that it is for.

    `rate` is in thousandths of a per cent. A rate of 0 has a reason, any other rate has none. The
    shares are in `positions`, `bases` and `amounts`, side by side.
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
    def shipping_share(self) -> int:
        """The tax of shipping."""
        return sum(share.amount for share in self.shares if share.position is None)

    @property
    def shares(self) -> tuple[TaxShare, ...]:
        """The share of each line, then that of shipping."""
        return tuple(
            TaxShare(position=position, base=base, amount=amount)
            for position, base, amount in zip(self.positions, self.bases, self.amounts, strict=True)
        )


@value
class QuotedShipping:
    """The shipping method, and its price before promotions."""

    method: str
    name: str
    price: int


@value
class Totals:
    """The sums of a quote or of an order, in minor units.

    `total` is `subtotal` less `discount`, plus `shipping`, plus `tax` unless prices include it.
    """

    subtotal: int
    discount: int
    shipping: int
    tax: int
    total: int
    prices_include_tax: bool


@value
class QuoteProblem:
    """What stops the order of a cart: a stable code, with the values of the error.

    `order_id` is the customer's own order that holds a code and waits for its payment.
    """

    code: str
    entered_code: str | None = None
    order_id: UUID | None = None
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

    @property
    def totals(self) -> Totals:
        """All sums, as clients see them."""
        return Totals(
            subtotal=self.subtotal,
            discount=self.discount,
            shipping=self.shipping_price,
            tax=self.tax,
            total=self.total.amount,
            prices_include_tax=self.prices_include_tax,
        )

    @property
    def line_discounts(self) -> tuple[int, ...]:
        """What all promotions together take off each line."""
        shares = [discount.line_shares for discount in self.discounts]
        return tuple(map(sum, zip(*shares, strict=True))) if shares else (0,) * len(self.lines)

    @property
    def line_taxes(self) -> tuple[int, ...]:
        """The tax of each line."""
        taxes = [0] * len(self.lines)
        for tax in self.taxes:
            for position, amount in zip(tax.positions, tax.amounts, strict=True):
                if position is not None:
                    taxes[position] += amount
        return tuple(taxes)
