"""The interval of a median is exact, whatever the distribution."""

import pytest

from bench.comparison.interval import Interval, median_interval


@pytest.mark.parametrize(
    ("count", "rank", "coverage"),
    # Table of two-sided intervals for the median: 1 - 2 P(B < rank), B binomial(count, 1/2).
    [
        (6, 1, 0.96875),
        (7, 1, 0.984375),
        (8, 1, 0.9921875),
        (9, 2, 0.9609375),
        (10, 2, 0.978515625),
        (15, 4, 0.96484375),
        (20, 6, 0.95861053),
        (25, 8, 0.95671475),
    ],
)
def test_interval_is_the_narrowest_that_covers_95_percent(
    count: int, rank: int, coverage: float
) -> None:
    found = median_interval(range(1, count + 1))

    assert (found.low, found.high) == (rank, count + 1 - rank)
    assert found.coverage == pytest.approx(coverage, abs=1e-8)


def test_seven_values_lie_in_an_interval_from_the_least_to_the_greatest() -> None:
    assert median_interval([1.01, 0.99, 1.2, 0.7, 1.0, 1.02, 0.98]) == Interval(
        median=1.0, low=0.7, high=1.2, coverage=0.984375
    )


def test_one_wild_value_of_nine_moves_neither_end() -> None:
    found = median_interval([1, 1, 1, 1, 1, 1, 1, 1, 50])

    assert (found.median, found.low, found.high) == (1, 1, 1)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_fewer_than_six_values_have_no_interval(count: int) -> None:
    with pytest.raises(ValueError, match=f"too few values for a 95 % interval: {count}"):
        median_interval(range(count))
