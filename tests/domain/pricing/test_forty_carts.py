"""Forty carts of the kind whose sums are wrong elsewhere: what is shown adds up to the total.

They have prices with many remainders, several rates, quantities that do not divide, and discounts
that do not divide either. Each is quoted with both roundings, by prices with and without tax.
"""

from fractions import Fraction
from math import floor

import pytest

from shop.domain.pricing.cart_to_quote import CartToQuote
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.effect import Effect
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.quote import quote
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.pricing.shipping.shared_tax import SharedTax
from tests.domain.pricing.examples import (
    GERMANY,
    NOW,
    cart,
    eur,
    line,
    method,
    promotion,
    rate,
    rules,
    taxed,
)

RATES = (0, 5_500, 7_000, 8_100, 8_875, 10_000, 19_000, 20_000, 21_000, 25_500)
"""Of Germany, France, Switzerland, New York, Austria, Spain and Finland, and none."""

Cart = tuple[tuple[tuple[int, int, int], ...], Effect | None, int]
"""Lines (price, quantity, rate), a discount, and the price of shipping."""

PERCENT = 1_000


def _off(percent: float) -> Effect:
    return Percentage(percentage=round(percent * PERCENT))


def _less(amount: int) -> Effect:
    return Amount(amount=eur(amount))


CARTS: tuple[Cart, ...] = (
    (((1, 1, 19_000),), None, 0),
    (((3, 1, 19_000),) * 3, None, 0),
    (((1999, 1, 19_000),), None, 0),
    (((1999, 3, 19_000),), None, 490),
    (((49, 1, 19_000),) * 10 + ((1, 1, 19_000),), _less(5), 0),
    (((3333, 3, 19_000),), _off(10), 0),
    (((3333, 1, 19_000),) * 3, _off(33.333), 0),
    (((10, 7, 19_000), (10, 7, 7_000)), _less(1), 0),
    (((999, 1, 19_000), (499, 1, 7_000)), None, 395),
    (((999, 3, 19_000), (499, 5, 7_000)), _off(15), 395),
    (((2995, 1, 20_000), (1495, 2, 5_500)), _off(12.5), 590),
    (((105, 1, 20_000),) * 3, None, 0),
    (((5, 1, 10_000),) * 9, None, 0),
    (((15, 1, 10_000),) * 7, _less(7), 5),
    (((995, 1, 8_875), (1295, 1, 8_875)), _off(20), 799),
    (((1099, 2, 8_875), (299, 3, 0)), _less(500), 599),
    (((1, 9, 25_500), (2, 9, 25_500)), _off(50), 1),
    (((1250, 1, 25_500), (1250, 1, 10_000), (1250, 1, 0)), _less(100), 250),
    (((4950, 1, 8_100), (990, 4, 8_100)), _off(5), 790),
    (((333, 1, 21_000), (333, 1, 10_000), (334, 1, 0)), _less(333), 333),
    (((1667, 3, 21_000),), _less(1), 0),
    (((7777, 7, 19_000),), _off(7.777), 777),
    (((1, 1, 7_000), (1, 1, 19_000)), _less(1), 0),
    (((1, 1, 7_000), (1, 1, 19_000)), _less(2), 1),
    (((8999, 1, 19_000), (1, 1, 7_000)), _off(99.999), 1),
    (((125, 1, 20_000), (375, 1, 20_000), (625, 1, 20_000)), _off(12.5), 0),
    (((19_995, 1, 19_000), (4_995, 2, 19_000), (995, 3, 7_000)), _less(2_000), 990),
    (((179, 13, 5_500), (17, 29, 20_000)), _off(3), 121),
    (((2, 50, 19_000), (3, 33, 7_000)), _less(99), 99),
    (((99, 1, 19_000),) * 20, _off(10), 495),
    (((100, 1, 19_000),) * 3, _less(100), 0),
    (((100, 1, 19_000),) * 3, _less(200), 100),
    (((10_000_001, 1, 19_000), (1, 1, 7_000)), _less(10_000_001), 3),
    (((1_234_567, 3, 21_000), (7_654_321, 2, 10_000)), _off(17.5), 12_345),
    (((45, 1, 10_000), (55, 1, 10_000), (45, 1, 20_000), (55, 1, 20_000)), _off(45), 55),
    (((1, 10_000, 19_000), (10_000, 1, 7_000)), _less(9_999), 1),
    (((29, 3, 19_000), (31, 3, 7_000), (37, 3, 0)), _off(11), 41),
    (((1999, 1, 19_000), (1999, 1, 7_000), (1999, 1, 0)), _off(100), 490),
    (((50, 1, 19_000), (50, 1, 7_000)), _less(5_000), 490),
    (((2, 1, 25_500), (2, 1, 21_000), (2, 1, 20_000), (2, 1, 19_000)), _less(3), 2),
)


def _cart(number: int) -> CartToQuote:
    sold, _, _ = CARTS[number]
    lines = (
        line(price, quantity, sku=f"S{position}", tax_category=str(thousandths))
        for position, (price, quantity, thousandths) in enumerate(sold)
    )
    return cart(*lines, shipping_method="parcel")


def _rules(number: int, rounding: TaxRounding, *, is_included: bool) -> PricingRules:
    _, effect, shipping_price = CARTS[number]
    return rules(
        *([promotion(effect)] if effect else []),
        prices_include_tax=is_included,
        tax_rounding=rounding,
        tax_table=taxed(*(rate(each, str(each)) for each in RATES)),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(shipping_price, tax=SharedTax()),),
    )


def _half_up(exact: Fraction) -> int:
    return floor(exact + Fraction(1, 2))


def _exact_tax(amount: int, thousandths: int, *, is_included: bool) -> int:
    """Return the tax of an amount, rounded once."""
    if is_included:
        return amount - _half_up(Fraction(amount * 100_000, 100_000 + thousandths))
    return _half_up(Fraction(amount * thousandths, 100_000))


def test_there_are_forty_carts() -> None:
    assert len(set(CARTS)) == 40


@pytest.mark.parametrize("is_included", [True, False], ids=["with tax", "without tax"])
@pytest.mark.parametrize("rounding", TaxRounding)
@pytest.mark.parametrize("number", range(40))
def test_sum_shown_is_the_total_shown(
    number: int, rounding: TaxRounding, *, is_included: bool
) -> None:
    sold = _cart(number)

    quoted = quote(sold, _rules(number, rounding, is_included=is_included), NOW)

    amounts = [each.unit_price.amount * each.quantity for each in sold.lines]
    discounts = [each.amount for each in quoted.discounts]
    taxes = [each.amount for each in quoted.taxes]
    shown = sum(amounts) - sum(discounts) + quoted.shipping_price
    assert quoted.total == eur(shown if is_included else shown + sum(taxes))
    assert sum(quoted.line_discounts) == sum(discounts)
    for tax in quoted.taxes:
        assert sum(share.amount for share in tax.shares) == tax.amount
        taxed_amounts = [
            share.base + share.amount if is_included else share.base for share in tax.shares
        ]
        rounded_once = [sum(taxed_amounts)] if rounding is TaxRounding.DOCUMENT else taxed_amounts
        assert tax.amount == sum(
            _exact_tax(each, tax.rate, is_included=is_included) for each in rounded_once
        )
    for position, amount in enumerate(amounts):
        (share,) = (s for tax in quoted.taxes for s in tax.shares if s.position == position)
        left = amount - quoted.line_discounts[position]
        assert share.base + (share.amount if is_included else 0) == left >= 0
