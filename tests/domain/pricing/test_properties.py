"""What is true of every quote, whatever the rules are."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shop.domain.pricing.cart_to_quote import CartToQuote, LineToQuote
from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.effect import Effect, Target
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Promotion
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote, QuotedTax
from shop.domain.pricing.rules import PricingRules, TaxRounding
from shop.domain.shared.money import Currency, Money
from tests.domain.pricing.examples import GERMANY as ZONE
from tests.domain.pricing.examples import NOW, STANDARD, cart, line, method, promotion, rules, taxed
from tests.domain.pricing.strategies import carts, effects, lines, prices, pricing_rules

EXAMPLES = settings(max_examples=25)


@settings(max_examples=60)
@given(cart=carts(), rules=pricing_rules())
def test_every_quote_agrees_with_itself(cart: CartToQuote, rules: PricingRules) -> None:
    quoted = quote(cart, rules, NOW)

    _assert_sums_agree(quoted)
    _assert_shares_are_within_their_lines(quoted)
    assert bool(quoted.taxes) == bool(rules.tax_table.rates and cart.lines)
    for tax in quoted.taxes:
        assert (tax.rate == 0) == (tax.reason is not None)
        assert tax.rate or not tax.amount
        if rules.tax_rounding is TaxRounding.DOCUMENT:
            _assert_is_rounded_once(tax, prices_include_tax=rules.prices_include_tax)


def _assert_sums_agree(quoted: Quote) -> None:
    added = 0 if quoted.prices_include_tax else quoted.tax
    total = quoted.subtotal - quoted.discount + quoted.shipping_price + added
    assert quoted.total.amount == total
    for discount in quoted.discounts:
        assert 0 < discount.amount == sum(discount.line_shares) + discount.shipping_share
    assert quoted.discount == sum(quoted.line_discounts) + sum(
        each.shipping_share for each in quoted.discounts
    )
    assert quoted.tax == sum(quoted.line_taxes) + sum(each.shipping_share for each in quoted.taxes)
    assert len(quoted.line_discounts) == len(quoted.line_taxes) == len(quoted.lines)


def _assert_shares_are_within_their_lines(quoted: Quote) -> None:
    for position, each in enumerate(quoted.lines):
        left = each.unit_price.amount * each.quantity
        for discount in quoted.discounts:
            assert 0 <= discount.line_shares[position] <= left
            left -= discount.line_shares[position]
        if quoted.taxes:
            (share,) = (s for t in quoted.taxes for s in t.shares if s.position == position)
            assert min(share.base, share.amount) >= 0
            assert left == share.base + (share.amount if quoted.prices_include_tax else 0)
    left = quoted.shipping_price
    for discount in quoted.discounts:
        assert 0 <= discount.shipping_share <= left
        left -= discount.shipping_share


def _assert_is_rounded_once(tax: QuotedTax, *, prices_include_tax: bool) -> None:
    """Compare with the exact tax, or base, in thousandths of a per cent: half a unit at most."""
    if prices_include_tax:
        gross, divisor = tax.base + tax.amount, 100_000 + tax.rate
        assert abs(2 * (tax.base * divisor - gross * 100_000)) <= divisor
    else:
        assert abs(2 * (tax.amount * 100_000 - tax.base * tax.rate)) <= 100_000


@EXAMPLES
@given(cart=carts(), rules=pricing_rules(), data=st.data())
def test_codes_have_no_order(cart: CartToQuote, rules: PricingRules, data: st.DataObject) -> None:
    codes = tuple(data.draw(st.permutations(cart.codes)))

    one, other = quote(cart, rules, NOW), quote(replace(cart, codes=codes), rules, NOW)

    assert replace(one, problems=()) == replace(other, problems=())
    assert set(one.problems) == set(other.problems)


@EXAMPLES
@given(cart=carts(), rules=pricing_rules(), data=st.data())
def test_order_of_lines_does_not_change_the_total(
    cart: CartToQuote, rules: PricingRules, data: st.DataObject
) -> None:
    """Where prices include tax, everything ships, and promotions take their amounts once.

    Otherwise the position of a line decides where a remainder falls, and so how much of it is
    taxed, can be reduced again, or counts towards free shipping:
    `test_equal_remainders_fall_by_position_also_across_rates`,
    `test_amount_for_each_piece_finds_the_remainders_of_another_promotion`.
    """
    everything = tuple(_for_all_lines(each) for each in rules.promotions)
    rules = replace(rules, prices_include_tax=True, promotions=everything)
    cart = replace(cart, lines=tuple(replace(each, ships=True) for each in cart.lines))
    moved = replace(cart, lines=tuple(data.draw(st.permutations(cart.lines))))

    assert quote(moved, rules, NOW).total == quote(cart, rules, NOW).total


@EXAMPLES
@given(cart=carts(), rules=pricing_rules(), data=st.data())
def test_order_of_lines_changes_no_total_by_more_than_the_remainders(
    cart: CartToQuote, rules: PricingRules, data: st.DataObject
) -> None:
    """Each promotion and each rate can round once more in the other direction."""
    rules = replace(rules, shipping_zones=())
    moved = replace(cart, lines=tuple(data.draw(st.permutations(cart.lines))))
    one, other = quote(cart, rules, NOW), quote(moved, rules, NOW)

    bound = len(rules.promotions) * (1 + len(cart.lines)) + len(one.taxes)
    assert abs(one.total.amount - other.total.amount) <= bound


def _for_all_lines(promotion: Promotion) -> Promotion:
    takes_amounts = isinstance(promotion.effect, Amount)
    target = Target.ORDER if takes_amounts else promotion.target
    return replace(promotion, selection=Selection(), target=target)


@EXAMPLES
@given(
    sold=st.lists(lines(), min_size=1, max_size=5),
    effect=effects(),
    target=st.sampled_from(Target),
    is_included=st.booleans(),
    data=st.data(),
)
def test_splitting_a_line_changes_only_where_the_remainder_falls(
    *,
    sold: list[LineToQuote],
    effect: Effect,
    target: Target,
    is_included: bool,
    data: st.DataObject,
) -> None:
    """With one promotion, whose kind may be any, and one rate."""
    sold = [replace(each, tax_category=STANDARD, ships=True) for each in sold]
    position = data.draw(st.integers(0, len(sold) - 1))
    split = sold[position]
    assume(split.quantity > 1)
    first = data.draw(st.integers(1, split.quantity - 1))
    parts = [replace(split, quantity=first), replace(split, quantity=split.quantity - first)]
    all_rules = rules(
        promotion(effect, target=target),
        prices_include_tax=is_included,
        tax_table=taxed(),
        shipping_zones=(ZONE,),
        shipping_methods=(method(),),
    )

    whole = quote(cart(*sold, shipping_method="parcel"), all_rules, NOW)
    in_parts = quote(
        cart(*sold[:position], *parts, *sold[position + 1 :], shipping_method="parcel"),
        all_rules,
        NOW,
    )

    assert in_parts.total == whole.total
    assert in_parts.discount == whole.discount
    assert in_parts.tax == whole.tax
    in_both = sum(in_parts.line_discounts[position : position + 2])
    assert abs(in_both - whole.line_discounts[position]) <= 1


@EXAMPLES
@given(cart=carts(), rules=pricing_rules())
def test_promotions_never_make_a_cart_dearer(cart: CartToQuote, rules: PricingRules) -> None:
    quoted = quote(cart, rules, NOW)

    assert quoted.total.amount <= quote(cart, replace(rules, promotions=()), NOW).total.amount


@EXAMPLES
@given(cart=carts(), rules=pricing_rules())
def test_no_promotion_alone_is_better(cart: CartToQuote, rules: PricingRules) -> None:
    quoted = quote(cart, rules, NOW)

    for each in rules.promotions:
        alone = quote(cart, replace(rules, promotions=(each,)), NOW)
        assert quoted.total.amount <= alone.total.amount


@pytest.mark.parametrize("code", ["JPY", "EUR", "KWD"])
@EXAMPLES
@given(sold=st.lists(st.tuples(prices, st.integers(1, 9)), min_size=1, max_size=5))
def test_currencies_differ_only_in_their_minor_units(
    code: str, sold: list[tuple[int, int]]
) -> None:
    currency = Currency(code)
    sold_lines = [
        line(price, quantity, unit_price=Money(amount=price, currency=currency))
        for price, quantity in sold
    ]
    in_euros = [line(price, quantity) for price, quantity in sold]
    of_shop = rules(promotion(Percentage(percentage=12_500)), tax_table=taxed())

    quoted = quote(cart(*sold_lines), replace(of_shop, currency=currency), NOW)

    assert quoted.total.currency == currency
    assert _amounts(quoted) == _amounts(quote(cart(*in_euros), of_shop, NOW))


def _amounts(quoted: Quote) -> object:
    return quoted.total.amount, quoted.discounts, quoted.taxes
