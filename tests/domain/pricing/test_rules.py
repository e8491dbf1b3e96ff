"""Rules that are rejected, and where rates and methods apply."""

from datetime import timedelta

import pytest

from shop.domain.pricing.places import Area, Destination
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.pricing.quote import quote
from shop.domain.pricing.quoted import QuoteProblem
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.shared.errors import InvalidValue
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
)

BERLIN_AREA = Area(countries=frozenset({"DE"}), postal_codes=frozenset({"10*"}))
BAVARIA = Area(countries=frozenset({"DE"}), regions=frozenset({"BY"}))
HOUR = timedelta(hours=1)


class TestTaxRates:
    @pytest.mark.parametrize("thousandths", [-1, 100_001])
    def test_outside_0_to_100_percent_are_rejected(self, thousandths: int) -> None:
        with pytest.raises(InvalidValue):
            rate(thousandths)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"area": Area(countries=frozenset({"FR", "DE"}))},
            {"valid_from": NOW - HOUR},
            {"valid_until": NOW},
        ],
    )
    def test_that_overlap_are_rejected(self, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidValue, match="overlap"):
            TaxTable.of([rate(19_000), rate(16_000, slug="other", **changes)])

    @pytest.mark.parametrize(
        ("one", "other", "overlap"),
        [
            ("10*", "101*", True),
            ("10*", "10115", True),
            ("101", "10*", True),
            ("10*", "11*", False),
            ("10115", "10117", False),
            ("AB 1*", "ab1*", True),
        ],
    )
    def test_overlap_by_postal_code(self, one: str, other: str, *, overlap: bool) -> None:
        mine, theirs = (
            Area(countries=frozenset({"DE"}), postal_codes=frozenset({each}))
            for each in (one, other)
        )

        assert mine.overlaps(theirs) is theirs.overlaps(mine) is overlap

    def test_may_follow_each_other(self) -> None:
        table = TaxTable.of(
            [
                rate(16_000, slug="old", valid_until=NOW),
                rate(19_000, slug="new", valid_from=NOW),
            ]
        )
        germany = Destination(country="DE")

        found = [table.find("standard", germany, at) for at in (NOW - HOUR, NOW)]

        assert [each.slug for each in found if each] == ["old", "new"]

    def test_of_the_most_precise_area_apply(self) -> None:
        table = TaxTable.of(
            [
                rate(19_000, slug="country"),
                rate(18_000, slug="region", area=BAVARIA),
                rate(17_000, slug="postal", area=BERLIN_AREA),
            ]
        )
        places = [
            Destination(country="DE"),
            Destination(country="DE", region="by"),
            Destination(country="DE", region="BE", postal_code="10 115"),
        ]

        found = [table.find("standard", place, NOW) for place in places]

        assert [each.slug for each in found if each] == ["country", "region", "postal"]


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


class TestPromotions:
    @pytest.mark.parametrize(
        "invalid",
        [
            lambda: Percentage(percentage=0),
            lambda: Percentage(percentage=100_001),
            lambda: BuyXGetY(buy=0, get=1, percentage=1),
            lambda: Tiers(tiers=()),
            lambda: Tier(percentage=1),
            lambda: Tier(percentage=1, from_quantity=1, from_amount=eur(1)),
            lambda: promotion(Percentage(percentage=1), limit=0),
            lambda: promotion(Percentage(percentage=1), starts_at=NOW, ends_at=NOW),
        ],
    )
    def test_with_invalid_values_are_rejected(self, invalid: object) -> None:
        with pytest.raises(InvalidValue):
            invalid()  # type: ignore[operator]
