"""What an order keeps of its quote: the same sums, as one value and as rows."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.domain.orders.kept_shares import (
    KeptDiscountShare,
    KeptTaxShare,
    discount_shares,
    discounts_of,
    tax_shares,
    taxes_of,
)
from shop.domain.orders.order_pricing import (
    DISCOUNT_DIFFERS,
    SHARE_EXCEEDS_LINE,
    TAX_DIFFERS,
    TOTAL_DIFFERS,
    OrderPricing,
)
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.shipping.shared_tax import SharedTax
from tests.domain.pricing.examples import (
    GERMANY,
    NOW,
    REDUCED,
    cart,
    eur,
    line,
    method,
    promotion,
    rules,
    taxed,
)
from tests.domain.pricing.strategies import carts, pricing_rules

quotes = st.builds(lambda sold, shop: quote(sold, shop, NOW), carts(), pricing_rules()).map(
    lambda each: replace(each, problems=())
)

QUOTE = quote(
    cart(line(1000, 3), line(500, tax_category=REDUCED), shipping_method="parcel"),
    rules(
        promotion(Amount(amount=eur(4)), "less"),
        promotion(FreeShipping(), "free"),
        prices_include_tax=False,
        tax_table=taxed(),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(490, tax=SharedTax()),),
    ),
    NOW,
)
PRICING = OrderPricing.of(QUOTE)


@settings(max_examples=30)
@given(quoted=quotes)
def test_order_keeps_the_sums_of_its_quote_also_as_rows(quoted: Quote) -> None:
    kept = OrderPricing.of(quoted)
    discounts, taxes = list(discount_shares(kept)), list(tax_shares(kept))

    assert kept.totals == quoted.totals
    assert [each.discount for each in kept.lines] == list(quoted.line_discounts)
    assert [each.tax for each in kept.lines] == list(quoted.line_taxes)
    assert discounts_of(discounts, len(kept.lines)) == kept.discounts
    assert taxes_of(taxes) == kept.taxes
    assert all(0 < share.amount <= share.line_amount for share in discounts)
    rows: list[KeptDiscountShare | KeptTaxShare] = [*discounts, *taxes]
    keys = [(row.number, row.position) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {number for number, _ in keys} == set(range(len(kept.discounts) + len(kept.taxes)))


def test_rows_are_numbered_by_discount_and_then_by_tax() -> None:
    discounts = [(each.number, each.position, each.amount) for each in discount_shares(PRICING)]
    taxes = [(each.number, each.position, each.base, each.amount) for each in tax_shares(PRICING)]

    # 4 on 3000 and 500 is 3 (3.43) and 1 (0.57); 19 % of 2997 is 569.43, 7 % of 499 is 34.93.
    assert discounts == [(0, 0, 3), (0, 1, 1), (1, None, 490)]
    assert taxes == [(2, 0, 2997, 569), (2, None, 0, 0), (3, 1, 499, 35), (3, None, 0, 0)]


def test_quote_with_a_problem_is_no_order() -> None:
    shop = rules(shipping_zones=(GERMANY,), shipping_methods=(method(490),))
    quoted = quote(cart(line(1000)), shop, NOW)

    assert [each.code for each in quoted.problems] == ["shipping-unavailable"]
    with pytest.raises(ValueError, match="problems"):
        OrderPricing.of(quoted)


def test_quote_with_another_total_is_no_order() -> None:
    with pytest.raises(ValueError, match="total-differs-from-quote"):
        OrderPricing.of(replace(QUOTE, total=eur(1)))


class TestSumsThatDisagree:
    TOTAL = QUOTE.total.amount

    @pytest.mark.parametrize("total", [TOTAL - 1, TOTAL + 1])
    def test_are_named_if_the_total_is_another(self, total: int) -> None:
        assert list(PRICING.disagreements(total)) == [TOTAL_DIFFERS]

    @pytest.mark.parametrize(
        "changes", [{"amount": 5}, {"amount": 5, "line_shares": (4, 1)}, {"line_shares": (2, 2)}]
    )
    def test_are_named_if_a_discount_is_another(self, changes: dict[str, Any]) -> None:
        discount = replace(PRICING.discounts[0], **changes)
        wrong = replace(PRICING, discounts=(discount, *PRICING.discounts[1:]))

        assert list(wrong.disagreements(self.TOTAL)) == [DISCOUNT_DIFFERS]

    @pytest.mark.parametrize("changes", [{"amounts": (568, 0)}, {"bases": (2996, 0)}])
    def test_are_named_if_a_tax_is_another(self, changes: dict[str, Any]) -> None:
        tax = replace(PRICING.taxes[0], **changes)
        wrong = replace(PRICING, taxes=(tax, *PRICING.taxes[1:]))

        assert list(wrong.disagreements(self.TOTAL)) == [TAX_DIFFERS]

    def test_are_named_if_a_discount_has_no_rows(self) -> None:
        without_rows = replace(PRICING, discounts=PRICING.discounts[1:])

        assert list(without_rows.disagreements(self.TOTAL)) == [DISCOUNT_DIFFERS]

    def test_are_named_if_a_discount_exceeds_its_line(self) -> None:
        kept = KeptLine(quantity=1, unit_price=3, discount=4, tax=0, prices_include_tax=True)
        wrong = OrderPricing(
            prices_include_tax=True,
            lines=(kept,),
            shipping=None,
            discounts=(replace(QUOTE.discounts[0], line_shares=(4,), amount=4),),
            taxes=(),
        )

        assert list(wrong.disagreements(-1)) == [SHARE_EXCEEDS_LINE]
