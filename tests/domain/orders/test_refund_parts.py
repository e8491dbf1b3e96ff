"""Refunds return kept shares: in any order and in any parts, they sum to what was paid."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund_parts import Refundable, RefundPart
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.quote import quote
from shop.domain.shared.line_quantity import LineQuantity
from tests.domain.pricing.examples import NOW
from tests.domain.pricing.strategies import carts, pricing_rules

EXAMPLES = settings(max_examples=15)

pricings = st.builds(lambda sold, shop: quote(sold, shop, NOW), carts(), pricing_rules()).map(
    lambda each: OrderPricing.of(replace(each, problems=()))
)


def _refundable(pricing: OrderPricing) -> Refundable:
    return Refundable(
        lines={f"S{position}": kept for position, kept in enumerate(pricing.lines)},
        refunded=Counter(),
        shipping=pricing.kept_shipping,
        shipping_refunded=0,
        money=pricing.totals.total,
        tax=pricing.totals.tax,
    )


def _without(order: Refundable, parts: Sequence[RefundPart], amount: int) -> Refundable:
    """Return what is left after a refund of this amount."""
    refunded = sum(part.amount for part in parts if part.sku is None) + order.shipping_refunded
    is_all_refunded = order.shipping is None or 0 < order.shipping.paid == refunded
    pieces = {part.sku: part.quantity for part in parts if part.sku is not None}
    return replace(
        order,
        refunded=order.refunded + Counter(pieces),
        shipping=None if is_all_refunded else order.shipping,
        shipping_refunded=refunded,
        money=order.money - amount,
        tax=order.tax - order.tax_of(parts, amount),
    )


def _worth(parts: Sequence[RefundPart]) -> int:
    return sum(part.amount for part in parts)


@st.composite
def _some_pieces(draw: st.DrawFn, order: Refundable) -> Sequence[LineQuantity]:
    return [
        LineQuantity(sku=each.sku, quantity=draw(st.integers(1, each.quantity)))
        for each in order.pieces
        if draw(st.booleans())
    ]


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_refunds_in_any_order_and_any_parts_sum_to_the_total(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    order = _refundable(pricing)
    refunded: list[RefundPart] = []
    for _ in range(data.draw(st.integers(0, 4))):
        pieces = data.draw(_some_pieces(order))
        with_shipping = data.draw(st.booleans())
        parts = order.parts(pieces, with_shipping=with_shipping, amount=None)
        order = _without(order, parts, _worth(parts))
        refunded += parts
    rest = order.parts(order.pieces, with_shipping=True, amount=None)
    refunded += rest

    assert _worth(rest) == order.money
    assert _worth(refunded) == pricing.totals.total
    assert sum(part.tax for part in refunded) == pricing.totals.tax
    assert all(part.tax >= 0 and part.amount >= 0 for part in refunded)
    for sku, kept in order.lines.items():
        assert sum(part.amount for part in refunded if part.sku == sku) == kept.paid


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_amounts_between_them_never_refund_a_line_above_what_it_cost(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    order = _refundable(pricing)
    refunded: list[RefundPart] = []
    for _ in range(data.draw(st.integers(1, 4))):
        pieces = data.draw(_some_pieces(order))
        amount = data.draw(st.integers(0, order.money))
        parts = order.parts(pieces, with_shipping=data.draw(st.booleans()), amount=amount)
        assert sum(part.tax for part in parts) <= order.tax_of(parts, amount) <= amount
        order = _without(order, parts, amount)
        refunded += parts
        assert 0 <= order.tax <= order.money
    rest = order.parts(order.pieces, with_shipping=True, amount=None)
    refunded += rest
    assert order.tax_of(rest, order.money) == order.tax

    assert _worth(refunded) <= pricing.totals.total
    assert pricing.kept_shipping.paid >= _worth([part for part in refunded if part.sku is None])
    for sku, kept in order.lines.items():
        assert _worth([part for part in refunded if part.sku == sku]) <= kept.paid


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_refund_of_some_pieces_leaves_the_shares_of_other_lines(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    order = _refundable(pricing)
    before = order.parts(order.pieces, with_shipping=True, amount=None)
    pieces = data.draw(_some_pieces(order))
    touched = {each.sku for each in pieces}

    parts = order.parts(pieces, with_shipping=False, amount=None)
    left = _without(order, parts, _worth(parts))
    after = left.parts(left.pieces, with_shipping=True, amount=None)

    assert [each for each in after if each.sku not in touched] == [
        each for each in before if each.sku not in touched
    ]


class TestAnOrderOfThreePotsAndTea:
    """Without tax in its prices: 19 % of 29.96 and 5.00 of tea, and of 4.90 for shipping."""

    POTS = KeptLine(quantity=3, unit_price=1000, discount=4, tax=569, prices_include_tax=False)
    TEA = KeptLine(quantity=1, unit_price=500, discount=500, tax=0, prices_include_tax=False)
    SHIPPING = KeptLine(quantity=1, unit_price=490, discount=90, tax=76, prices_include_tax=False)
    ORDER = Refundable(
        lines={"POT": POTS, "TEA": TEA},
        refunded=Counter({"POT": 1}),
        shipping=SHIPPING,
        shipping_refunded=0,
        money=2377 + 476,
        tax=380 + 76,
    )
    TWO_POTS = (LineQuantity(sku="POT", quantity=2),)
    PAID = RefundPart(sku="POT", quantity=2, amount=2377, tax=380)
    PAID_FOR_SHIPPING = RefundPart(sku=None, quantity=1, amount=476, tax=76)

    def test_has_two_pots_and_the_tea_left(self) -> None:
        assert self.ORDER.pieces == [*self.TWO_POTS, LineQuantity(sku="TEA", quantity=1)]

    def test_refunds_the_later_pots_with_their_shares(self) -> None:
        # 999 + 190 and 998 + 190: the discount is 1, 1, 2 and the tax 189, 190, 190.
        assert self.ORDER.parts(self.TWO_POTS, with_shipping=False, amount=None) == [self.PAID]

    def test_refunds_shipping_if_asked_and_once(self) -> None:
        assert self.ORDER.parts((), with_shipping=True, amount=None) == [self.PAID_FOR_SHIPPING]
        refunded = replace(self.ORDER, shipping=None)
        assert refunded.parts((), with_shipping=True, amount=None) == []

    def test_refunds_the_rest_of_shipping_with_the_rest_of_its_tax(self) -> None:
        refunded = replace(self.ORDER, shipping_refunded=100)

        # The first 100 of 476 have 15.97 of the 76.
        assert refunded.parts((), with_shipping=True, amount=None) == [
            replace(self.PAID_FOR_SHIPPING, amount=376, tax=60)
        ]

    def test_refunds_nothing_for_what_was_free(self) -> None:
        tea = [LineQuantity(sku="TEA", quantity=1)]

        assert self.ORDER.parts(tea, with_shipping=False, amount=None) == [
            RefundPart(sku="TEA", quantity=1, amount=0, tax=0)
        ]
        assert self.ORDER.parts(tea, with_shipping=False, amount=0) == [
            RefundPart(sku="TEA", quantity=1, amount=0, tax=0)
        ]

    def test_refunds_no_part_by_an_amount_alone(self) -> None:
        assert self.ORDER.parts((), with_shipping=False, amount=500) == []

    def test_reduces_parts_to_an_amount_in_proportion(self) -> None:
        # 2377 of 2853 is 83.3 %: 833.16 and 166.84 of 1000; the tax in them 133.17 and 26.66.
        assert self.ORDER.parts(self.TWO_POTS, with_shipping=True, amount=1000) == [
            replace(self.PAID, amount=833, tax=133),
            replace(self.PAID_FOR_SHIPPING, amount=167, tax=27),
        ]

    def test_reduces_parts_to_the_money_that_is_left(self) -> None:
        after_goodwill = replace(self.ORDER, money=2376)

        assert after_goodwill.parts(self.TWO_POTS, with_shipping=False, amount=None) == [
            replace(self.PAID, amount=2376)
        ]

    def test_gives_parts_no_more_than_they_cost(self) -> None:
        parts = self.ORDER.parts(self.TWO_POTS, with_shipping=False, amount=2800)

        assert parts == [self.PAID]

    def test_has_tax_in_what_belongs_to_no_part(self) -> None:
        # 456 of 2853 is 16.0 %: 79.9 of 500. Beside the pots, 76 of 476: 3.7 of 23.
        assert self.ORDER.tax_of([], 500) == 80
        assert self.ORDER.tax_of([self.PAID], 2400) == 384

    def test_has_all_of_its_tax_in_all_of_its_money(self) -> None:
        assert self.ORDER.tax_of([], 2853) == 456
        assert self.ORDER.tax_of([self.PAID], 2853) == 456

    def test_reduces_taxes_to_the_tax_that_is_left(self) -> None:
        after_goodwill = replace(self.ORDER, tax=228)

        parts = after_goodwill.parts(self.TWO_POTS, with_shipping=True, amount=None)
        assert parts == [
            replace(self.PAID, tax=190),
            replace(self.PAID_FOR_SHIPPING, tax=38),
        ]
        assert after_goodwill.tax_of(parts, 2853) == 228

    def test_leaves_no_more_tax_than_money(self) -> None:
        untaxed = RefundPart(sku="POT", quantity=2, amount=2400, tax=0)

        assert self.ORDER.tax_of([untaxed], 2400) == 3


def test_line_at_its_list_price_is_refunded_at_it() -> None:
    plain = KeptLine(quantity=3, unit_price=450, discount=0, tax=0, prices_include_tax=True)
    order = Refundable(
        lines={"TEA": plain},
        refunded=Counter({"TEA": 1}),
        shipping=None,
        shipping_refunded=0,
        money=900,
        tax=0,
    )

    assert order.parts(order.pieces, with_shipping=True, amount=None) == [
        RefundPart(sku="TEA", quantity=2, amount=900, tax=0)
    ]
