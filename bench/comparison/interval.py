"""The interval of a median, by order statistics.

Of n independent values, the k-th smallest and the k-th largest enclose the true median unless
fewer than k values lie on one side of it. Each value lies on either side with probability 1/2,
whatever the distribution, so the interval covers the median with probability
1 - 2 P(B < k) for B binomial(n, 1/2) (David and Nagaraja, Order Statistics, 3rd edition, 7.1).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import comb
from statistics import median

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A median, and an interval that covers the true median with this probability."""

    median: float
    low: float
    high: float
    coverage: float


def median_interval(values: Iterable[float]) -> Interval:
    """Return the narrowest symmetrical interval that covers the median with 95 %.

    Raise `ValueError` for fewer than six values, which have none.
    """
    ordered = sorted(values)
    count = len(ordered)
    # Each higher rank narrows the interval and lowers the coverage.
    ranks = [rank for rank in range(1, count // 2 + 1) if _coverage(count, rank) >= CONFIDENCE]
    if not ranks:
        raise ValueError(f"too few values for a 95 % interval: {count}; at least 6 are needed")
    rank = ranks[-1]
    return Interval(
        median=median(ordered),
        low=ordered[rank - 1],
        high=ordered[-rank],
        coverage=_coverage(count, rank),
    )


def _coverage(count: int, rank: int) -> float:
    """Return the probability that at least `rank` of the values lie on either side."""
    return 1 - sum(comb(count, below) for below in range(rank)) / 2.0 ** (count - 1)
