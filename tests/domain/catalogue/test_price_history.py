from datetime import timedelta
from itertools import permutations

import pytest

from shop.domain.catalogue.price_history import PriceChange, lowest_before
from tests.factories import NOW, eur


def history(*prices: tuple[float, int]) -> list[PriceChange]:
    """Return prices since so many days ago."""
    return [
        PriceChange(sku="TEA", price=eur(amount), at=NOW - timedelta(days=days))
        for days, amount in prices
    ]


class TestTheLowestEarlierPrice:
    @pytest.mark.parametrize(
        ("prices", "lowest"),
        [
            ([(100, 500), (0, 400)], 500),
            ([(100, 500), (20, 450), (10, 600), (5, 400)], 450),
            # A price counts if it ended within the 30 days, whenever it began.
            ([(100, 300), (40, 500), (10, 400)], 500),
            ([(100, 300), (39, 500), (10, 400)], 300),
            # The 30 days end where the current price began, however long ago that was.
            ([(200, 300), (195, 500), (180, 400)], 300),
            # Each of several steps down is a reduction of its own.
            ([(100, 500), (20, 450), (10, 400)], 450),
            # After a rise, the price before the rise is the lowest.
            ([(100, 500), (20, 600)], 500),
            # A younger variant has fewer days.
            ([(3, 500), (1, 400)], 500),
        ],
    )
    def test_is_of_the_days_before_the_current_price(
        self, prices: list[tuple[float, int]], lowest: int
    ) -> None:
        changes = history(*prices)
        assert {lowest_before(each, NOW) for each in permutations(changes)} == {eur(lowest)}

    @pytest.mark.parametrize("prices", [[], [(10, 500)], [(40, 500), (10, 500)]])
    def test_is_none_without_another_price(self, prices: list[tuple[float, int]]) -> None:
        assert lowest_before(history(*prices), NOW) is None

    def test_does_not_count_a_price_of_no_time(self) -> None:
        assert lowest_before(history((50, 500), (10, 100), (10, 400)), NOW) == eur(500)

    def test_does_not_know_the_future(self) -> None:
        assert lowest_before(history((50, 500), (10, 400), (-1, 300)), NOW) == eur(500)

    def test_is_not_ended_by_a_change_to_the_same_price(self) -> None:
        assert lowest_before(history((90, 450), (60, 500), (50, 400), (10, 400)), NOW) == eur(450)
