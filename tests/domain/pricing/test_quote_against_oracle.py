"""Quotes agree with an independent calculation in exact fractions, to the last share."""

from hypothesis import given, settings

from shop.domain.pricing.cart_to_quote import CartToQuote
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.rules import PricingRules
from tests.domain.pricing.examples import NOW
from tests.domain.pricing.oracle import SHIPPING, Expected, expected_quote
from tests.domain.pricing.strategies import carts, pricing_rules


@settings(max_examples=120)
@given(cart=carts(), rules=pricing_rules())
def test_quote_agrees_with_exact_fractions(cart: CartToQuote, rules: PricingRules) -> None:
    quoted = quote(cart, rules, NOW)

    expected = expected_quote(cart, rules, NOW)
    assert quoted.total.amount == expected.total
    assert quoted.shipping_price == expected.shipping_price
    assert _discounts(quoted) == expected.discounts
    assert _taxes(quoted) == expected.taxes


def _discounts(quoted: Quote) -> object:
    return {
        each.promotion: {
            position: share
            for position, share in [*enumerate(each.line_shares), (SHIPPING, each.shipping_share)]
            if share
        }
        for each in quoted.discounts
    }


def _taxes(quoted: Quote) -> object:
    taxes: dict[object, dict[int, tuple[int, int]]] = {}
    for tax in quoted.taxes:
        by_position: dict[int, tuple[int, int]] = {}
        for share in tax.shares:
            position = SHIPPING if share.position is None else share.position
            assert position not in by_position
            by_position[position] = (share.base, share.amount)
        assert (tax.rate, tax.reason) not in taxes
        taxes[tax.rate, tax.reason] = by_position
    return taxes


def test_oracle_is_not_blind() -> None:
    assert Expected() != Expected(total=1)
