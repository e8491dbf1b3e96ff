"""The hard cases of pricing, with numbers worked out by hand."""

import pytest

from shop.domain.pricing.goods import Selection
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.effect import Target
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.free_shipping import FreeShipping
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote
from shop.domain.pricing.rules import TaxRounding
from shop.domain.pricing.shipping.category_tax import CategoryTax
from shop.domain.pricing.shipping.highest_tax import HighestTax
from shop.domain.pricing.shipping.shared_tax import SharedTax
from shop.domain.pricing.shipping.shipping_tax import ShippingTax
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


def test_half_a_cent_belongs_to_the_base_of_prices_with_tax() -> None:
    shop = rules(tax_table=taxed(rate(20_000)))

    # 3 / 1.2 = 2.5.
    assert _taxes(quote(cart(line(3)), shop, NOW)) == [(20_000, 3, 0)]


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


class TestDiscounts:
    def test_of_5_cents_is_shared_among_eleven_lines(self) -> None:
        sold = cart(*(line(49, sku=f"S{at}") for at in range(10)), line(1, sku="LAST"))

        (discount,) = quote(sold, rules(promotion(Amount(amount=eur(5)))), NOW).discounts

        assert discount.amount == 5
        assert discount.line_shares == (1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0)

    def test_of_a_percentage_is_rounded_once(self) -> None:
        sold = cart(line(1999), line(99, 3, sku="MUG"))

        (discount,) = quote(sold, rules(promotion(Percentage(percentage=10_000))), NOW).discounts

        # 229.6 of 22.96; 200.25 and 29.75.
        assert discount.line_shares == (200, 30)

    def test_larger_than_their_lines_take_all_of_them(self) -> None:
        only_mugs = Selection(products=frozenset({"MUG"}))
        sold = cart(line(1999), line(99, 3, product="MUG"))
        offer = promotion(Amount(amount=eur(1000)), selection=only_mugs)

        quoted = quote(sold, rules(offer), NOW)

        assert quoted.discounts[0].line_shares == (0, 297)
        assert quoted.total == eur(1999)

    def test_for_lines_count_for_each_piece(self) -> None:
        sold = cart(line(1000, 3), line(150, sku="MUG"))
        offer = promotion(Amount(amount=eur(200)), target=Target.LINES)

        assert quote(sold, rules(offer), NOW).discounts[0].line_shares == (600, 150)

    def test_on_lines_come_before_those_on_the_order(self) -> None:
        sold = cart(line(1000), line(1000, product="MUG"))
        on_order = promotion(Percentage(percentage=10_000), "a-order")
        on_lines = promotion(
            Percentage(percentage=50_000),
            "b-lines",
            target=Target.LINES,
            selection=Selection(products=frozenset({"MUG"})),
        )

        quoted = quote(sold, rules(on_order, on_lines), NOW)

        assert [each.line_shares for each in quoted.discounts] == [(0, 500), (100, 50)]

    def test_set_prices_first_and_take_amounts_last(self) -> None:
        sold = cart(line(1000))
        offers = (
            promotion(Amount(amount=eur(100)), "amount"),
            promotion(Percentage(percentage=10_000), "percentage"),
            promotion(FixedPrice(price=eur(800)), "price"),
        )

        quoted = quote(sold, rules(*offers), NOW)

        assert [(each.promotion, each.amount) for each in quoted.discounts] == [
            ("price", 200),
            ("percentage", 80),
            ("amount", 100),
        ]

    def test_reduce_the_cheapest_piece_of_three(self) -> None:
        sold = cart(line(1000, 2), line(300, sku="MUG"))
        offer = promotion(BuyXGetY(buy=2, get=1, percentage=100_000), target=Target.LINES)

        assert quote(sold, rules(offer), NOW).discounts[0].line_shares == (0, 300)

    @pytest.mark.parametrize(
        ("pieces", "reduced"), [(2, 0), (3, 1), (4, 2), (5, 2), (7, 3), (8, 4)]
    )
    def test_reduce_up_to_two_pieces_for_every_two_others(self, pieces: int, reduced: int) -> None:
        offer = promotion(BuyXGetY(buy=2, get=2, percentage=100_000))

        assert quote(cart(line(100, pieces)), rules(offer), NOW).discount == 100 * reduced

    @pytest.mark.parametrize(("pieces", "discount"), [(4, 0), (5, 25), (9, 45), (10, 100)])
    def test_grow_with_the_quantity(self, pieces: int, discount: int) -> None:
        tiers = (Tier(percentage=10_000, from_quantity=10), Tier(percentage=5_000, from_quantity=5))
        offer = promotion(Tiers(tiers=tiers))

        assert quote(cart(line(100, pieces)), rules(offer), NOW).discount == discount

    def test_of_everything_with_free_shipping_leave_a_total_of_0(self) -> None:
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

    def test_of_nothing_are_not_taken(self) -> None:
        quoted = quote(cart(line(1)), rules(promotion(Percentage(percentage=10_000))), NOW)

        assert quoted.discounts == ()


class TestPromotionsThatCannotBeCombined:
    def test_give_way_to_the_best_for_the_customer(self) -> None:
        offers = (
            promotion(Amount(amount=eur(150)), "a"),
            promotion(Amount(amount=eur(100)), "b"),
            promotion(Amount(amount=eur(240)), "c", combinable=False),
            promotion(Amount(amount=eur(260)), "d", combinable=False),
        )

        quoted = quote(cart(line(1000)), rules(*offers), NOW)

        assert [each.promotion for each in quoted.discounts] == ["d"]

    def test_lose_if_they_are_no_better_than_the_others_together(self) -> None:
        offers = (
            promotion(Amount(amount=eur(100)), "z-together"),
            promotion(Amount(amount=eur(100)), "a-alone", combinable=False),
        )

        quoted = quote(cart(line(1000)), rules(*offers), NOW)

        assert [each.promotion for each in quoted.discounts] == ["z-together"]

    def test_are_chosen_by_slug_if_they_are_equal(self) -> None:
        offers = [
            promotion(Amount(amount=eur(100)), slug, combinable=False) for slug in ("b", "a", "c")
        ]

        quoted = quote(cart(line(1000)), rules(*offers), NOW)

        assert [each.promotion for each in quoted.discounts] == ["a"]


def test_discount_that_would_cost_free_shipping_is_not_taken() -> None:
    shop = rules(
        promotion(Percentage(percentage=1_000)),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(490, free_from=eur(5000)),),
    )

    quoted = quote(cart(line(5000), shipping_method="parcel"), shop, NOW)

    assert (quoted.total, quoted.discounts) == (eur(5000), ())


def test_discount_that_would_raise_the_tax_on_shipping_by_more_is_not_taken() -> None:
    """Shipping follows its goods, and a discount of some makes the others weigh more."""
    offer = promotion(
        Percentage(percentage=50_000), selection=Selection(products=frozenset({"BOOK"}))
    )
    shop = rules(
        offer,
        tax_table=taxed(),
        prices_include_tax=False,
        shipping_zones=(GERMANY,),
        shipping_methods=(method(10_000, tax=SharedTax()),),
    )
    sold = cart(
        line(100), line(100, product="BOOK", tax_category=REDUCED), shipping_method="parcel"
    )

    quoted = quote(sold, shop, NOW)

    # 5100 x 0.07 + 5100 x 0.19; otherwise 3383 x 0.07 + 6767 x 0.19 for 50 less.
    assert (quoted.discounts, quoted.tax) == ((), 357 + 969)
    assert quoted.total == eur(10_200 + 357 + 969)


def test_shipping_of_what_is_free_is_taxed_evenly_by_line() -> None:
    shop = rules(
        promotion(Percentage(percentage=100_000)),
        tax_table=taxed(),
        prices_include_tax=False,
        shipping_zones=(GERMANY,),
        shipping_methods=(method(491, tax=SharedTax()),),
    )
    sold = cart(line(1000), line(10), line(50, tax_category=REDUCED), shipping_method="parcel")

    quoted = quote(sold, shop, NOW)

    # Two thirds are 327.33: 327 x 0.19 = 62.13, 164 x 0.07 = 11.48.
    assert _taxes(quoted) == [(19_000, 327, 62), (7_000, 164, 11)]
    assert quoted.total == eur(491 + 62 + 11)


def test_equal_portions_of_shipping_follow_the_lines_that_ship() -> None:
    shop = rules(
        promotion(Percentage(percentage=100_000)),
        tax_table=taxed(rate(19_000), rate(7_000, REDUCED), rate(0, "books")),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(2, tax=SharedTax()),),
    )
    sold = cart(
        line(1),
        line(1),
        line(1, tax_category=REDUCED, ships=False),
        line(1, tax_category="books"),
        line(1, tax_category=REDUCED),
        shipping_method="parcel",
    )

    # 1, 0.5 and 0.5 of 2: the books ship before the first reduced line that ships.
    shares = {tax.rate: tax.base + tax.amount for tax in quote(sold, shop, NOW).taxes}
    assert shares == {19_000: 1, 0: 1, 7_000: 0}


def test_rates_of_0_with_different_reasons_are_different_taxes() -> None:
    exempt = rate(0, "books", reason="exempt")
    shop = rules(tax_table=taxed(exempt, rate(0)))

    quoted = quote(cart(line(100), line(50, tax_category="books")), shop, NOW)

    assert [(each.reason, each.base) for each in quoted.taxes] == [("zero", 100), ("exempt", 50)]


def test_shipping_is_free_only_once() -> None:
    shop = rules(
        promotion(FreeShipping(), "a"),
        promotion(FreeShipping(), "b"),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(490),),
    )

    quoted = quote(cart(line(100), shipping_method="parcel"), shop, NOW)

    assert [(each.promotion, each.shipping_share) for each in quoted.discounts] == [("a", 490)]
    assert quoted.total == eur(100)


def test_equal_remainders_fall_by_position_also_across_rates() -> None:
    """So the order of lines can change a total without tax, by the remainder of one tax."""
    shop = rules(promotion(Amount(amount=eur(1))), tax_table=taxed(), prices_include_tax=False)
    standard, reduced = line(24), line(24, tax_category=REDUCED)

    # 23 x 0.07 = 1.61, 24 x 0.19 = 4.56; 23 x 0.19 = 4.37, 24 x 0.07 = 1.68.
    assert quote(cart(reduced, standard), shop, NOW).total == eur(47 + 2 + 5)
    assert quote(cart(standard, reduced), shop, NOW).total == eur(47 + 4 + 2)
