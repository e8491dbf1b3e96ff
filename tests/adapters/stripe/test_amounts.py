"""Money is the same on both sides, also where Stripe counts a currency in units of its own."""

import pytest

from shop.adapters.stripe.amounts import from_stripe, to_stripe
from shop.application.ports.payment_gateway import GatewayRejected
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money


@pytest.mark.parametrize(
    ("code", "amount", "at_stripe"),
    [
        ("EUR", 1999, 1999),
        ("JPY", 500, 500),
        ("KWD", 5120, 5120),
        ("ISK", 5, 500),
        ("UGX", 5, 500),
        ("MGA", 500, 5),
    ],
)
def test_amount_is_converted_to_the_smallest_unit_of_stripe(
    code: str, amount: int, at_stripe: int
) -> None:
    money = Money(amount=amount, currency=Currency(code))

    assert to_stripe(money) == at_stripe
    assert from_stripe(at_stripe, code.lower()) == money


def test_fraction_of_the_smallest_unit_is_rejected() -> None:
    with pytest.raises(GatewayRejected, match="fractional_amount"):
        to_stripe(Money(amount=501, currency=Currency("MGA")))


def test_unknown_currency_is_reported() -> None:
    with pytest.raises(InvalidValue):
        from_stripe(500, "hrk")
