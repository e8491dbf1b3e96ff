"""Refunds return kept shares: in any order and in any parts, they sum to what was paid."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.domain.orders.order_pricing import OrderPricing
from shop.domain.orders.refund_parts import (
    RefundPart,
    fit_to,
    part_of_shipping,
    parts_of_lines,
)
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.quote import quote
from shop.domain.shared.line_quantity import LineQuantity
from tests.domain.pricing.examples import NOW
from tests.domain.pricing.strategies import carts, pricing_rules

EXAMPLES = settings(max_examples=30)

pricings = st.builds(lambda sold, shop: quote(sold, shop, NOW), carts(), pricing_rules()).map(
    lambda each: OrderPricing.of(replace(each, problems=()))
)


def _by_sku(pricing: OrderPricing) -> dict[str, KeptLine]:
    return {f"S{position}": kept for position, kept in enumerate(pricing.lines)}


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_refunds_of_all_pieces_and_shipping_sum_to_the_total(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    lines, refunded = _by_sku(pricing), Counter[str]()
    pieces = [sku for sku, kept in lines.items() for _ in range(kept.quantity)]
    order = data.draw(st.permutations(pieces))
    parts = [part_of_shipping(pricing.kept_shipping)]
    while order:
        count = data.draw(st.integers(1, len(order)))
        chosen, order = Counter(order[:count]), order[count:]
        returned = [LineQuantity(sku=sku, quantity=quantity) for sku, quantity in chosen.items()]
        parts += parts_of_lines(lines, refunded, returned)
        refunded += chosen

    assert sum(part.amount for part in parts) == pricing.totals.total
    assert sum(part.tax for part in parts) == pricing.totals.tax
    assert min(part.amount for part in parts) >= 0
    for sku, kept in lines.items():
        assert sum(part.amount for part in parts if part.sku == sku) == kept.paid


@EXAMPLES
@given(pricing=pricings, data=st.data())
def test_refund_of_one_line_leaves_the_shares_of_the_others(
    pricing: OrderPricing, data: st.DataObject
) -> None:
    lines = _by_sku(pricing)
    sold = [LineQuantity(sku=sku, quantity=kept.quantity) for sku, kept in lines.items()]
    gone = Counter[str]()
    before = parts_of_lines(lines, gone, sold)
    if sold:
        first = data.draw(st.sampled_from(sold))
        gone[first.sku] = first.quantity

    others = [each for each in sold if not gone[each.sku]]

    after = parts_of_lines(lines, gone, others)
    assert after == [part for part in before if not gone[str(part.sku)]]


def test_order_at_list_prices_refunds_them() -> None:
    plain = KeptLine(quantity=3, unit_price=450, discount=0, tax=0, prices_include_tax=True)
    two = [LineQuantity(sku="TEA", quantity=2)]

    assert parts_of_lines({"TEA": plain}, Counter({"TEA": 1}), two) == [
        RefundPart(sku="TEA", quantity=2, amount=900, tax=0)
    ]


def test_free_shipping_refunds_nothing() -> None:
    free = KeptLine(quantity=1, unit_price=490, discount=490, tax=0, prices_include_tax=False)

    assert part_of_shipping(free) == RefundPart(sku=None, quantity=1, amount=0, tax=0)


def test_shipping_refunds_what_was_paid_with_its_tax() -> None:
    shipping = KeptLine(quantity=1, unit_price=490, discount=90, tax=76, prices_include_tax=False)

    assert part_of_shipping(shipping) == RefundPart(sku=None, quantity=1, amount=476, tax=76)


class TestPartsThatAreFitted:
    TEA = RefundPart(sku="TEA", quantity=2, amount=1190, tax=190)
    POT = RefundPart(sku="POT", quantity=1, amount=0, tax=0)
    SHIPPING = RefundPart(sku=None, quantity=1, amount=595, tax=95)
    ALL = (TEA, POT, SHIPPING)

    def test_stay_as_they_are_for_their_sum_or_more(self) -> None:
        assert fit_to(1785, self.ALL) == self.ALL
        assert fit_to(2000, self.ALL) == self.ALL

    def test_are_reduced_in_proportion(self) -> None:
        # 1190 of 1785 is two thirds: 666.67 and 333.33 of 1000.
        assert fit_to(1000, self.ALL) == [
            replace(self.TEA, amount=667, tax=106),
            self.POT,
            replace(self.SHIPPING, amount=333, tax=53),
        ]

    def test_are_nothing_of_nothing(self) -> None:
        assert [(each.amount, each.tax) for each in fit_to(0, self.ALL)] == [(0, 0)] * 3
        assert fit_to(10, [self.POT]) == [self.POT]

    @EXAMPLES
    @given(
        worth=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6),
        amount=st.integers(0, 250),
    )
    def test_sum_to_the_amount_and_never_grow(
        self, worth: list[tuple[int, int]], amount: int
    ) -> None:
        parts = [
            RefundPart(sku="TEA", quantity=1, amount=each, tax=min(each, tax))
            for each, tax in worth
        ]

        fitted = fit_to(amount, parts)

        assert sum(each.amount for each in fitted) == min(amount, sum(p.amount for p in parts))
        for part, each in zip(parts, fitted, strict=True):
            assert 0 <= each.tax <= each.amount <= part.amount
            assert each.tax <= part.tax
