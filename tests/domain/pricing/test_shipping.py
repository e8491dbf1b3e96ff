"""Which shipping serves a cart, what it costs, and how it is taxed."""

import pytest

from shop.domain.pricing.places import Destination
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import Quote, QuoteProblem
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
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
    rate,
    rules,
    taxed,
)


def _taxes(quoted: Quote) -> list[tuple[int, int, int]]:
    """Return rate, base and amount of each tax."""
    return [(each.rate, each.base, each.amount) for each in quoted.taxes]


class TestShipping:
    def _problems(self, **changes: object) -> tuple[QuoteProblem, ...]:
        shop = rules(
            shipping_zones=(GERMANY,),
            shipping_methods=(
                method(490),
                method(0, code="pick-up", is_pick_up=True),
                method(1, code="old", active=False),
                method(
                    code="heavy",
                    prices=ByWeight(steps=(WeightStep(from_weight_grams=1000, price=eur(990)),)),
                ),
            ),
        )
        return quote(cart(line(100, weight_grams=999), **changes), shop, NOW).problems

    def test_needs_an_address(self) -> None:
        assert self._problems(destination=None, shipping_method="parcel") == (
            QuoteProblem(code="address-required"),
        )

    @pytest.mark.parametrize("code", [None, "unknown", "old", "heavy"])
    def test_needs_a_method_that_serves_the_address(self, code: str | None) -> None:
        assert self._problems(shipping_method=code) == (
            QuoteProblem(code="shipping-unavailable", shipping_method=code),
        )

    def test_is_unavailable_outside_its_zone(self) -> None:
        abroad = Destination(country="US")

        assert self._problems(destination=abroad, shipping_method="parcel") == (
            QuoteProblem(code="shipping-unavailable", shipping_method="parcel"),
        )

    def test_of_goods_that_are_picked_up_needs_no_address(self) -> None:
        assert self._problems(destination=None, shipping_method="pick-up") == ()

    def test_is_not_needed_for_goods_that_do_not_ship(self) -> None:
        shop = rules(shipping_zones=(GERMANY,), shipping_methods=(method(490),))
        sold = cart(line(100, ships=False), destination=None, shipping_method="parcel")

        quoted = quote(sold, shop, NOW)

        assert (quoted.total, quoted.shipping, quoted.problems) == (eur(100), None, ())

    def test_is_not_known_to_a_shop_without_zones(self) -> None:
        quoted = quote(cart(line(100), destination=None), rules(), NOW)

        assert (quoted.total, quoted.problems) == (eur(100), ())

    def test_is_not_free_by_the_amount_of_what_does_not_ship(self) -> None:
        shop = rules(
            shipping_zones=(GERMANY,), shipping_methods=(method(490, free_from=eur(1000)),)
        )
        sold = cart(line(999), line(1, ships=False), shipping_method="parcel")

        assert quote(sold, shop, NOW).shipping_price == 490

    @pytest.mark.parametrize(("grams", "price"), [(499, 490), (500, 990)])
    def test_costs_what_the_weight_of_all_pieces_reaches(self, grams: int, price: int) -> None:
        steps = (
            WeightStep(from_weight_grams=0, price=eur(490)),
            WeightStep(from_weight_grams=1000, price=eur(990)),
        )
        shop = rules(
            shipping_zones=(GERMANY,), shipping_methods=(method(prices=ByWeight(steps=steps)),)
        )
        sold = cart(
            line(100, 2, weight_grams=grams),
            line(100, weight_grams=9_000, ships=False),
            shipping_method="parcel",
        )

        assert quote(sold, shop, NOW).shipping_price == price

    @pytest.mark.parametrize(("amount", "price"), [(999, 490), (1000, 290), (4999, 290), (5000, 0)])
    def test_costs_what_the_amount_reaches(self, amount: int, price: int) -> None:
        steps = (
            AmountStep(from_amount=eur(0), price=eur(490)),
            AmountStep(from_amount=eur(1000), price=eur(290)),
        )
        shop = rules(
            shipping_zones=(GERMANY,),
            shipping_methods=(method(prices=ByAmount(steps=steps), free_from=eur(5000)),),
        )

        assert (
            quote(cart(line(amount), shipping_method="parcel"), shop, NOW).shipping_price == price
        )


def test_two_discounts_do_not_lose_the_free_shipping_that_one_leaves() -> None:
    shop = rules(
        promotion(Percentage(percentage=5_000), "five"),
        promotion(Percentage(percentage=1_000), "one"),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(490, free_from=eur(950)),),
    )

    quoted = quote(cart(line(1000), shipping_method="parcel"), shop, NOW)

    # Together they leave 9.41 and a parcel of 4.90; without any it is 10.00.
    assert [each.promotion for each in quoted.discounts] == ["five"]
    assert quoted.total == eur(950)


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
        tax_table=taxed(rate(19_000), rate(7_000, REDUCED), rate(0, "medicine")),
        shipping_zones=(GERMANY,),
        shipping_methods=(method(2, tax=SharedTax()),),
    )
    sold = cart(
        line(1),
        line(1),
        line(1, tax_category=REDUCED, ships=False),
        line(1, tax_category="medicine"),
        line(1, tax_category=REDUCED),
        shipping_method="parcel",
    )

    # 1, 0.5 and 0.5 of 2: the medicine ships before the first reduced line that ships.
    shares = {tax.rate: tax.base + tax.amount for tax in quote(sold, shop, NOW).taxes}
    assert shares == {19_000: 1, 0: 1, 7_000: 0}
