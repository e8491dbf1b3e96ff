"""A run counts if every answer is the right one and each client has had its answers."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from bench.generator import Connection, ResponseStatistics
from bench.load import InvalidRun, LoadGenerator, Responses, _last_line
from bench.workloads import CART_AND_ORDER, MANY_PRODUCTS, OVERLOAD, READ_ORDER, Workload

URL = "http://127.0.0.1:1"


class CannedResponses(LoadGenerator):
    """Sends nothing; returns the statuses of each run in turn, then those of the last."""

    def __init__(self, *runs: Mapping[str, int], broken: int = 0) -> None:
        self._runs = list(runs)
        self._broken = broken
        self.seconds: list[int] = []

    @property
    def name(self) -> str:
        return "canned"

    def _run(
        self, script: str, url: str, arguments: Sequence[str], clients: int, seconds: int
    ) -> Mapping[str, Any]:
        del script, url, arguments, clients
        self.seconds.append(seconds)
        statuses = self._runs.pop(0) if len(self._runs) > 1 else self._runs[0]
        return {
            "seconds": float(seconds),
            "p50_ms": 1.5,
            "p99_ms": 3.0,
            "broken": self._broken,
            "statuses": statuses,
        }


def test_load_run_counts_orders_when_all_were_placed() -> None:
    assert _run(MANY_PRODUCTS, {"201": 300}) == Responses(
        seconds=1, done=300, orders=300, p50_ms=1.5, p99_ms=3
    )


def test_order_of_a_cart_and_order_run_takes_three_responses() -> None:
    assert _run(CART_AND_ORDER, {"200": 205, "201": 95}) == Responses(
        seconds=1, done=100, orders=95, p50_ms=1.5, p99_ms=3
    )


@pytest.mark.parametrize(
    ("workload", "statuses"),
    [
        (MANY_PRODUCTS, {"201": 300, "409": 1}),
        (MANY_PRODUCTS, {"201": 300, "200": 1}),
        (CART_AND_ORDER, {"200": 200, "201": 100, "503": 1}),
        (READ_ORDER, {"200": 300, "404": 1}),
    ],
)
def test_unexpected_status_makes_a_run_invalid(
    workload: Workload, statuses: Mapping[str, int]
) -> None:
    with pytest.raises(InvalidRun, match=workload.name):
        _run(workload, statuses)


def test_rejections_of_an_overload_are_counted_beside_what_was_served() -> None:
    assert _run(OVERLOAD, {"201": 300, "503": 40}) == Responses(
        seconds=1, done=300, orders=300, p50_ms=1.5, p99_ms=3, rejected=40
    )
    with pytest.raises(InvalidRun, match="overload"):
        _run(OVERLOAD, {"201": 300, "500": 1})


async def _statistics_after_a_rejection() -> ResponseStatistics:
    statistics, transport = ResponseStatistics(), Mock()
    connection = Connection(iter([b"first", b"second", b"third"]), statistics)
    connection.connection_made(transport)
    connection.data_received(
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0.01\r\nContent-Length: 0\r\n\r\n"
    )
    assert [each.args[0] for each in transport.write.call_args_list] == [b"first"]
    await asyncio.sleep(0.1)
    connection.data_received(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    assert [each.args[0] for each in transport.write.call_args_list] == [
        b"first",
        b"second",
        b"third",
    ]
    return statistics


def test_rejected_client_waits_for_retry_after_and_only_what_is_served_has_a_latency() -> None:
    statistics = asyncio.run(_statistics_after_a_rejection())

    assert statistics.statuses == {503: 1, 201: 1}
    assert len(statistics.milliseconds) == 1


def test_broken_connection_makes_a_run_invalid() -> None:
    with pytest.raises(InvalidRun, match="1 broken"):
        _run(MANY_PRODUCTS, {"201": 300}, broken=1)


def test_run_with_an_unanswered_client_is_repeated_for_twice_as_long() -> None:
    load, settled = CannedResponses({}, {"201": 7}, {"201": 8}), Settled()

    responses = load.run(MANY_PRODUCTS, URL, Path(), clients=8, seconds=1, wait_until_idle=settled)

    assert load.seconds == [1, 2, 4]
    assert settled.times == 2
    assert responses == Responses(seconds=4, done=8, orders=15, p50_ms=1.5, p99_ms=3)


def test_each_client_of_a_cart_and_order_run_gets_three_responses() -> None:
    load = CannedResponses({"200": 15, "201": 8}, {"200": 16, "201": 8})

    load.run(CART_AND_ORDER, URL, Path(), clients=8, seconds=1, wait_until_idle=Settled())

    assert load.seconds == [1, 2]


def test_slow_machine_meets_no_timeout() -> None:
    load = CannedResponses({"201": 1})

    responses = load.run(
        MANY_PRODUCTS, URL, Path(), clients=8, seconds=1, wait_until_idle=Settled()
    )

    assert load.seconds == [1, 2, 4, 8, 16, 32, 64]
    assert responses.done == 1


def test_server_that_never_responds_makes_a_run_invalid() -> None:
    with pytest.raises(InvalidRun, match="orders: no response within 64 s"):
        _run(MANY_PRODUCTS, {})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit('connection refused')", "failed with status 1: connection refused"),
        ("", "failed with status 0: no output"),
        ("print('no JSON')", "printed no result: no JSON"),
    ],
)
def test_failing_load_generator_makes_a_run_invalid(code: str, reason: str) -> None:
    with pytest.raises(InvalidRun, match=reason):
        _last_line([sys.executable, "-c", code], Path())


class Settled:
    """Counts how often a run waited for the work that was left."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def _run(workload: Workload, statuses: Mapping[str, int], broken: int = 0) -> Responses:
    load = CannedResponses(statuses, broken=broken)
    return load.run(workload, URL, Path(), clients=8, seconds=1, wait_until_idle=Settled())
