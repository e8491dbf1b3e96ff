"""Rules that are rejected."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shop.domain.pricing.places import Area
from shop.domain.pricing.promotions.amount import Amount
from shop.domain.pricing.promotions.buy_x_get_y import BuyXGetY
from shop.domain.pricing.promotions.fixed_price import FixedPrice
from shop.domain.pricing.promotions.percentage import Percentage
from shop.domain.pricing.promotions.promotion import Conditions
from shop.domain.pricing.promotions.tiers import Tier, Tiers
from shop.domain.pricing.shipping.by_amount import AmountStep, ByAmount
from shop.domain.pricing.shipping.by_weight import ByWeight, WeightStep
from shop.domain.pricing.taxes.tax_table import TaxTable
from shop.domain.shared.errors import InvalidValue
from tests.domain.pricing.examples import NOW, eur, method, promotion, rate, rules

HOUR = timedelta(hours=1)
WEIGHT = WeightStep(from_weight_grams=500, price=eur(490))
AMOUNT = AmountStep(from_amount=eur(500), price=eur(490))


class TestTaxRates:
    @pytest.mark.parametrize(
        ("invalid", "field"),
        [
            (lambda: rate(-1), "rate"),
            (lambda: rate(100_001), "rate"),
            (lambda: rate(10**30), "rate"),
            (lambda: rate(19_000, reason="exempt"), "reason"),
            (lambda: rate(19_000, valid_from=NOW, valid_until=NOW), "valid_until"),
        ],
    )
    def test_that_are_negative_or_huge_or_contradict_themselves_are_rejected(
        self, invalid: Callable[[], object], field: str
    ) -> None:
        _assert_rejected(invalid, field)

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
        rates = [rate(19_000), rate(16_000, slug="other", **changes)]

        with pytest.raises(InvalidValue, match="other: must not overlap with de-standard"):
            TaxTable.of(rates)

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
        mine, theirs = _area(one), _area(other)

        assert mine.overlaps(theirs) is theirs.overlaps(mine) is overlap


@pytest.mark.parametrize(
    ("invalid", "field"),
    [
        (lambda: Percentage(percentage=0), "percentage"),
        (lambda: Percentage(percentage=100_001), "percentage"),
        (lambda: Amount(amount=eur(0)), "amount"),
        (lambda: FixedPrice(price=eur(-1)), "price"),
        (lambda: BuyXGetY(buy=0, get=1, percentage=1), "buy"),
        (lambda: BuyXGetY(buy=1, get=1_001, percentage=1), "get"),
        (lambda: BuyXGetY(buy=1, get=1, percentage=0), "percentage"),
        (lambda: Tiers(tiers=()), "tiers"),
        (lambda: Tier(percentage=1), "tiers"),
        (lambda: Tier(percentage=1, from_quantity=1, from_amount=eur(1)), "tiers"),
        (lambda: Tier(percentage=0, from_quantity=1), "percentage"),
        (lambda: Tier(percentage=1, from_quantity=0), "tiers"),
        (lambda: Tier(percentage=1, from_amount=eur(-1)), "tiers"),
        (
            lambda: Tiers(
                tiers=(
                    Tier(percentage=1, from_quantity=1),
                    Tier(percentage=2, from_amount=eur(1)),
                )
            ),
            "tiers",
        ),
        (lambda: Conditions(minimum=eur(-1)), "conditions/minimum"),
        (lambda: promotion(Percentage(percentage=1), limit=0), "limit"),
        (lambda: promotion(Percentage(percentage=1), limit_per_customer=0), "limit_per_customer"),
        (lambda: promotion(Percentage(percentage=1), starts_at=NOW, ends_at=NOW), "ends_at"),
    ],
)
def test_promotion_with_an_invalid_value_is_rejected(
    invalid: Callable[[], object], field: str
) -> None:
    _assert_rejected(invalid, field)


@pytest.mark.parametrize(
    ("invalid", "field"),
    [
        (lambda: WeightStep(from_weight_grams=-1, price=eur(1)), "prices"),
        (lambda: WeightStep(from_weight_grams=0, price=eur(-1)), "prices"),
        (lambda: ByWeight(steps=()), "prices"),
        (lambda: ByWeight(steps=(WEIGHT, WEIGHT)), "prices"),
        (lambda: AmountStep(from_amount=eur(-1), price=eur(1)), "prices"),
        (lambda: AmountStep(from_amount=eur(0), price=eur(-1)), "prices"),
        (lambda: ByAmount(steps=()), "prices"),
        (lambda: ByAmount(steps=(AMOUNT, AMOUNT)), "prices"),
        (lambda: method(free_from=eur(-1)), "free_from"),
        (lambda: Area(countries=frozenset()), "countries"),
        (lambda: Area(countries=frozenset({"de"})), "countries"),
        (lambda: Area(countries=frozenset({"DEU"})), "countries"),
        (lambda: _area("*"), "postal_codes"),
        (lambda: _area("1*1"), "postal_codes"),
        (lambda: _area(""), "postal_codes"),
    ],
)
def test_shipping_with_an_invalid_value_is_rejected(
    invalid: Callable[[], object], field: str
) -> None:
    _assert_rejected(invalid, field)


@pytest.mark.parametrize("slugs", [("b", "a"), ("a", "a")])
def test_promotions_that_are_not_sorted_are_rejected(slugs: tuple[str, str]) -> None:
    unsorted = tuple(promotion(Percentage(percentage=1), slug) for slug in slugs)

    _assert_rejected(lambda: rules(promotions=unsorted), "promotions")


def _area(postal_code: str) -> Area:
    return Area(countries=frozenset({"DE"}), postal_codes=frozenset({postal_code}))


def _assert_rejected(make: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidValue) as rejected:
        make()

    assert rejected.value.field == field
