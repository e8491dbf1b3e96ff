"""A run counts where every answer is the right one, and nowhere else."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.load import Answers, InvalidRun, LoadGenerator
from bench.workloads import READ_ORDER, SPREAD, TOUR, Workload


class Canned(LoadGenerator):
    """Sends nothing, and tells what it was told to tell."""

    def __init__(self, statuses: Mapping[str, int], broken: int = 0) -> None:
        self._told = {"seconds": 2.0, "p50_ms": 1.5, "p99_ms": 3.0, "broken": broken}
        self._statuses = statuses

    @property
    def name(self) -> str:
        return "canned"

    def _run(
        self, script: str, url: str, arguments: Sequence[str], clients: int, seconds: int
    ) -> Mapping[str, Any]:
        del script, url, arguments, clients, seconds
        return {**self._told, "statuses": self._statuses}


def test_orders_are_counted_where_all_were_placed() -> None:
    assert _run(SPREAD, {"201": 300}) == Answers(
        seconds=2, done=300, orders=300, p50_ms=1.5, p99_ms=3
    )


def test_an_order_of_a_tour_takes_three_answers() -> None:
    assert _run(TOUR, {"200": 205, "201": 95}) == Answers(
        seconds=2, done=100, orders=95, p50_ms=1.5, p99_ms=3
    )


@pytest.mark.parametrize(
    ("workload", "statuses"),
    [
        (SPREAD, {"201": 300, "409": 1}),
        (SPREAD, {"201": 300, "200": 1}),
        (SPREAD, {}),
        (TOUR, {"200": 200, "201": 100, "503": 1}),
        (READ_ORDER, {"200": 300, "404": 1}),
    ],
)
def test_any_other_answer_makes_a_run_invalid(
    workload: Workload, statuses: Mapping[str, int]
) -> None:
    with pytest.raises(InvalidRun, match=workload.name):
        _run(workload, statuses)


def test_a_broken_connection_makes_a_run_invalid() -> None:
    with pytest.raises(InvalidRun, match="1 broken"):
        _run(SPREAD, {"201": 300}, broken=1)


def _run(workload: Workload, statuses: Mapping[str, int], broken: int = 0) -> Answers:
    load = Canned(statuses, broken)
    return load.run(workload, "http://127.0.0.1:1", Path(), clients=8, seconds=2)
