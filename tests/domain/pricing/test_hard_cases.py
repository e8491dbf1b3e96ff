"""The hard cases of pricing, with numbers worked out by hand.

`test_forty_carts.py` has sums, `test_rules.py` rates that are rejected, and
`tests/domain/orders/test_refund_parts.py` refunds.
"""

from datetime import timedelta

import pytest

from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.rules import TaxRounding
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money
from tests.domain.pricing.examples import (
    GERMANY,
    NOW,
    REDUCED,
    STANDARD,
    cart,
    eur,
    line,
    method,
    promotion,
    rate,
    rules,
    taxed,
)

DOCUMENT, LINE = TaxRounding.DOCUMENT, TaxRounding.LINE


def _taxes(quoted: Quote) -> list[tuple[int, int, int]]:
    """Return rate, base and amount of each tax."""
    return [(each.rate, each.base, each.amount) for each in quoted.taxes]


class TestTaxOf19Percent:
    @pytest.mark.parametrize(
        ("prices", "rounding", "net_tax", "gross_tax"),
        [
            ([1], DOCUMENT, 0, 0),  # 0.19; 1 - 0.84.
            ([3, 3, 3], DOCUMENT, 2, 1),  # 1.71; 9 - 7.56.
            ([3, 3, 3], LINE, 3, 0),  # 3 x 0.57; 3 x (3 - 2.52).
            ([1999], DOCUMENT, 380, 319),  # 379.81; 1999 - 1679.83.
            ([1999], LINE, 380, 319),
        ],
    )
    def test_is_rounded_half_up(
        self, prices: list[int], rounding: TaxRounding, net_tax: int, gross_tax: int
    ) -> None:
        sold = cart(*(line(price, sku=f"S{at}") for at, price in enumerate(prices)))
        without = rules(tax_table=taxed(), tax_rounding=rounding, prices_include_tax=False)
        including = rules(tax_table=taxed(), tax_rounding=rounding, prices_include_tax=True)

        net, gross = quote(sold, without, NOW), quote(sold, including, NOW)

        assert (net.tax, net.total.amount) == (net_tax, sum(prices) + net_tax)
        assert (gross.tax, gross.total.amount) == (gross_tax, sum(prices))


class TestTwoRatesWithShipping:
    """10.00 at 19 %, 20.00 at 7 % and a parcel for 4.90."""

    SOLD = cart(line(1000), line(2000, tax_category=REDUCED, sku="BOOK"), shipping_method="parcel")

    @pytest.mark.parametrize(
        ("tax", "gross", "net", "total_of_net"),
        [
            # 1490 / 1.19 = 1252.10; 1490 x 0.19 = 283.1.
            (CategoryTax(category=STANDARD), [(1252, 238), (1869, 131)], [283, 140], 3913),
            (HighestTax(), [(1252, 238), (1869, 131)], [283, 140], 3913),
            # 4.90 is 1.63 and 3.27: 1163 / 1.19 = 977.31, 2327 / 1.07 = 2174.77.
            (SharedTax(), [(977, 186), (2175, 152)], [221, 163], 3874),
            # 2490 / 1.07 = 2327.10.
            (CategoryTax(category=REDUCED), [(840, 160), (2327, 163)], [190, 174], 3854),
        ],
    )
    def test_is_taxed_by_each_setting(
        self,
        tax: ShippingTax,
        gross: list[tuple[int, int]],
        net: list[int],
        total_of_net: int,
    ) -> None:
        shop = rules(
            tax_table=taxed(),
            shipping_zones=(GERMANY,),
            shipping_methods=(method(490, tax=tax),),
        )
        without = rules(
            tax_table=taxed(),
            shipping_zones=(GERMANY,),
            shipping_methods=(method(490, tax=tax),),
            prices_include_tax=False,
        )

        including, excluding = quote(self.SOLD, shop, NOW), quote(self.SOLD, without, NOW)

        assert [(base, amount) for _, base, amount in _taxes(including)] == gross
        assert including.total == eur(3490)
        assert [amount for _, _, amount in _taxes(excluding)] == net
        assert excluding.total == eur(total_of_net)

    def test_shares_the_tax_down_to_lines_and_shipping(self) -> None:
        shop = rules(tax_table=taxed(), shipping_zones=(GERMANY,), shipping_methods=(method(490),))

        standard, reduced = quote(self.SOLD, shop, NOW).taxes

        # 238 x 1000 / 1490 = 159.73, and 78.27 for shipping.
        assert [(s.position, s.base, s.amount) for s in standard.shares] == [
            (0, 840, 160),
            (None, 412, 78),
        ]
        assert [(s.position, s.base, s.amount) for s in reduced.shares] == [(1, 1869, 131)]


class TestACurrency:
    """Three pieces, 12.5 % off, at 5 % tax that is added."""

    @pytest.mark.parametrize(
        ("code", "total"),
        [
            # 999 - 125 (124.875) = 874, and 44 (43.7).
            ("JPY", "918 JPY"),
            ("EUR", "9.18 EUR"),
            ("KWD", "0.918 KWD"),
        ],
    )
    def test_of_any_number_of_decimals_is_exact_to_its_minor_unit(
        self, code: str, total: str
    ) -> None:
        currency = Currency(code)
        shop = rules(
            promotion(Percentage(percentage=12_500)),
            currency=currency,
            prices_include_tax=False,
            tax_table=taxed(rate(5_000)),
        )
        sold = cart(line(333, 3, unit_price=Money(amount=333, currency=currency)))

        quoted = quote(sold, shop, NOW)

        assert (quoted.discount, quoted.tax) == (125, 44)
        assert str(quoted.total) == total


class TestARuleThatEndsAtTheSecondOfTheOrder:
    JUST_BEFORE = NOW - timedelta(microseconds=1)

    def test_gives_no_discount_from_then_on(self) -> None:
        shop = rules(promotion(Percentage(percentage=10_000), ends_at=NOW))
        sold = cart(line(1000))

        assert quote(sold, shop, self.JUST_BEFORE).total == eur(900)
        assert quote(sold, shop, NOW).total == eur(1000)

    def test_gives_way_to_the_rate_that_begins_then(self) -> None:
        table = taxed(
            rate(16_000, slug="old", valid_until=NOW), rate(19_000, slug="new", valid_from=NOW)
        )
        shop = rules(tax_table=table, prices_include_tax=False)
        sold = cart(line(1000))

        assert quote(sold, shop, self.JUST_BEFORE).total == eur(1160)
        assert quote(sold, shop, NOW).total == eur(1190)


class TestADiscount:
    def test_larger_than_its_lines_takes_all_of_them(self) -> None:
        only_mugs = Selection(products=frozenset({"MUG"}))
        sold = cart(line(1999), line(99, 3, product="MUG"))
        offer = promotion(Amount(amount=eur(1000)), selection=only_mugs)

        quoted = quote(sold, rules(offer), NOW)

        assert quoted.discounts[0].line_shares == (0, 297)
        assert quoted.total == eur(1999)

    def test_of_100_percent_and_free_shipping_leaves_a_total_of_0(self) -> None:
        shop = rules(
            promotion(Percentage(percentage=100_000), "all"),
            promotion(FreeShipping(), "free"),
            tax_table=taxed(),
            shipping_zones=(GERMANY,),
            shipping_methods=(method(490, tax=SharedTax()),),
            prices_include_tax=False,
        )
        sold = cart(line(1000), line(500, tax_category=REDUCED), shipping_method="parcel")

        quoted = quote(sold, shop, NOW)

        assert quoted.total == eur(0)
        assert [each.amount for each in quoted.discounts] == [1500, 490]
        assert _taxes(quoted) == [(19_000, 0, 0), (7_000, 0, 0)]


def test_candidate_that_is_too_large_is_not_chosen_and_does_not_stop_the_quote() -> None:
    sold = cart(
        *(line(10**9, 10_000, sku=f"S{at}") for at in range(100)),
        line(1, sku="LAST"),
        shipping_method="parcel",
    )
    parcel = method(0, tax=CategoryTax(category=STANDARD), free_from=eur(1))
    half = promotion(Percentage(percentage=50_000))

    quoted = quote(sold, rules(half, shipping_zones=(GERMANY,), shipping_methods=(parcel,)), NOW)

    assert quoted.total == eur(5 * 10**14)
    with pytest.raises(InvalidValue, match="amount"):
        quote(sold, rules(), NOW)
