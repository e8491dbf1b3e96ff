"""What each kind of promotion takes off, and which of them are applied."""

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
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
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

    def test_for_lines_count_for_each_piece(self) -> None:
        sold = cart(line(1000, 3), line(150, sku="MUG"))
        offer = promotion(Amount(amount=eur(200)), target=Target.LINES)

        assert quote(sold, rules(offer), NOW).discounts[0].line_shares == (600, 150)

    def test_to_a_fixed_price_are_for_each_piece_or_for_all_together(self) -> None:
        sold = cart(line(1000, 3), line(150, sku="MUG"))
        each, together = (
            promotion(FixedPrice(price=eur(800)), target=target)
            for target in (Target.LINES, Target.ORDER)
        )

        # A price is never raised; 2350 off 3000 and 150 is 2238.10 and 111.90.
        assert quote(sold, rules(each), NOW).discounts[0].line_shares == (600, 0)
        assert quote(sold, rules(together), NOW).discounts[0].line_shares == (2238, 112)

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


def test_discount_that_would_make_shipping_unavailable_is_not_taken() -> None:
    steps = (AmountStep(from_amount=eur(2000), price=eur(490)),)
    shop = rules(
        promotion(Percentage(percentage=10_000)),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(prices=ByAmount(steps=steps)),),
    )

    quoted = quote(cart(line(2000), shipping_method="parcel"), shop, NOW)

    assert (quoted.total, quoted.discounts, quoted.problems) == (eur(2490), (), ())


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


def test_amount_for_each_piece_finds_the_remainders_of_another_promotion() -> None:
    """It takes at most what is left of a line, so the order of lines can change a total."""
    half = promotion(Percentage(percentage=50_000), "half", target=Target.LINES)
    one = promotion(Amount(amount=eur(1)), "one", target=Target.LINES)
    shop = rules(half, one)
    dear, cheap = line(3), line(1, quantity=3)

    # Half of 6 is 2 of the first and 1 of the second line; then 1 is left of dear, or 2.
    assert quote(cart(dear, cheap), shop, NOW).total == eur(0)
    assert quote(cart(cheap, dear), shop, NOW).total == eur(1)
