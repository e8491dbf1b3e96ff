"""Money as Stripe counts it."""

from shop.application.ports.payment_gateway import GatewayRejected
from shop.domain.shared.money import Currency, Money

_STRIPES_DECIMALS = {"ISK": 2, "MGA": 0, "UGX": 2}
"""The decimals of Stripe's smallest unit where ISO 4217 has others.

The source is https://docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases".
"""


def to_stripe(money: Money) -> int:
    """Return the amount in Stripe's smallest units; raise `GatewayRejected` for a part of one."""
    amount, part = divmod(money.amount * _units(money.currency), _minor_units(money.currency))
    if part:
        raise GatewayRejected("fractional_amount")
    return amount


def from_stripe(amount: int, code: str) -> Money:
    """Return Stripe's amount as money; Stripe writes codes in lower case.

    Raise `InvalidValue` for a currency that the shop does not know.
    """
    currency = Currency(code.upper())
    return Money(amount=amount * _minor_units(currency) // _units(currency), currency=currency)


def _units(currency: Currency) -> int:
    """Return how many of Stripe's smallest units make a whole one."""
    return int(10 ** _STRIPES_DECIMALS.get(currency, currency.decimals))


def _minor_units(currency: Currency) -> int:
    return int(10**currency.decimals)
