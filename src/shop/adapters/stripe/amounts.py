"""Converts money to and from Stripe's amounts."""

from shop.application.ports.payment_gateway import GatewayRejected
from shop.domain.shared.money import Currency, Money

_STRIPES_DECIMALS = {"ISK": 2, "MGA": 0, "UGX": 2}
"""Stripe's decimals that differ from ISO 4217.

Source: https://docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases".
"""


def to_stripe(money: Money) -> int:
    """Convert to Stripe's smallest units; raise `GatewayRejected` for a fraction."""
    amount, part = divmod(money.amount * _units(money.currency), _minor_units(money.currency))
    if part:
        raise GatewayRejected("fractional_amount")
    return amount


def from_stripe(amount: int, code: str) -> Money:
    """Convert Stripe's amount to money; raise `InvalidValue` for an unknown currency."""
    currency = Currency(code.upper())
    return Money(amount=amount * _minor_units(currency) // _units(currency), currency=currency)


def _units(currency: Currency) -> int:
    """Return how many of Stripe's smallest units are one unit of the currency."""
    return int(10 ** _STRIPES_DECIMALS.get(currency, currency.decimals))


def _minor_units(currency: Currency) -> int:
    return int(10**currency.decimals)
