"""The rejection of an order that costs something else than the customer expected."""

from dataclasses import dataclass

from shop.domain.orders.order import Order
from shop.domain.pricing.quoted import Totals
from shop.domain.shared.errors import Conflict
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.value import value


@value
class PresentTotals:
    """The sums of an order as clients see them; see `Totals`."""

    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    prices_include_tax: bool

    @classmethod
    def of(cls, totals: Totals, currency: Currency) -> "PresentTotals":
        """Return sums as amounts of a currency."""

        def money(amount: int) -> Money:
            return Money(amount=amount, currency=currency)

        return cls(
            subtotal=money(totals.subtotal),
            discount=money(totals.discount),
            shipping=money(totals.shipping),
            tax=money(totals.tax),
            total=money(totals.total),
            prices_include_tax=totals.prices_include_tax,
        )


@dataclass(kw_only=True, unsafe_hash=True)
class PriceChanged(Conflict):
    """The total differs from the one that the customer expected; `totals` says what it consists of.

    Errors that were stored by earlier releases have no `totals`.
    """

    expected: Money
    total: Money
    totals: PresentTotals | None = None

    code = "price-changed"
    message = "The order costs {total}, not {expected}."

    @classmethod
    def of(cls, order: Order, *, expected: Money) -> "PriceChanged":
        """Return the error of an order that was not expected to cost what it costs."""
        totals = PresentTotals.of(order.totals, order.total.currency)
        return cls(expected=expected, total=order.total, totals=totals)
