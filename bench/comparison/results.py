"""The results of a comparison: the pairs of each workload and their ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.comparison.interval import Interval, median_interval
from bench.comparison.revisions import Revision
from bench.comparison.workloads import ComparedWorkload
from bench.results import Machine, NoResult

SLOWER_BELOW = 0.97
FASTER_ABOVE = 1.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two measurements, one directly after the other."""

    base: float
    head: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A workload's pairs; the first failure ends its measurements."""

    workload: ComparedWorkload
    pairs: Sequence[Pair]
    failure: NoResult | None

    @property
    def base(self) -> float:
        """The median of base."""
        return median(pair.base for pair in self.pairs)

    @property
    def head(self) -> float:
        """The median of head."""
        return median(pair.head for pair in self.pairs)

    @property
    def ratio(self) -> Interval:
        """The median of the pairs' ratios, with its interval; above 1, head is better."""
        measure = self.workload.measure
        return median_interval(measure.ratio(pair.base, pair.head) for pair in self.pairs)

    @property
    def is_slower(self) -> bool:
        """Whether head is slower by 3 %: the whole interval lies below 0.97."""
        return self.failure is None and self.ratio.high < SLOWER_BELOW

    @property
    def is_faster(self) -> bool:
        """Whether head is faster by 3 %: the whole interval lies above 1.03."""
        return self.failure is None and self.ratio.low > FASTER_ABOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two revisions, and how they compare at each workload."""

    machine: Machine
    base: Revision
    head: Revision
    seconds: int
    rows: Sequence[Row]

    @property
    def is_passed(self) -> bool:
        """Whether every workload has a result and none is slower."""
        return not any(row.failure or row.is_slower for row in self.rows)
