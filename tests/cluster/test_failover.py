"""The primary of a cluster is broken under load: no acknowledged order is lost, and none is double.

Every answer is compared with the database at the end, and the history of every object with what it
could have been (`tests/histories`). `make failover` has more rounds and all kinds.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from statistics import median

import pytest

from tests.cluster.cluster import Cluster, cluster
from tests.cluster.faults import BREAKS, break_primary
from tests.cluster.highly_available_shop import (
    HighlyAvailableShop,
    errors_of,
    highly_available_shop,
    seconds_without_orders,
)
from tests.cluster.programs import HOW_TO_GET_THEM, missing_programs

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(bool(missing_programs()), reason=HOW_TO_GET_THEM),
]

ROUNDS = int(os.environ.get("SHOP_FAILOVER_ROUNDS") or 1)
KINDS = (os.environ.get("SHOP_FAILOVER_KINDS") or "crash").split()
ORDERS_BETWEEN = 20


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(scope="module")
async def shop(
    running: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[HighlyAvailableShop]:
    async with highly_available_shop(tmp_path_factory.mktemp("cluster"), running) as shop:
        yield shop


@pytest.mark.parametrize("kind", KINDS)
async def test_broken_primary_loses_and_doubles_nothing(
    shop: HighlyAvailableShop, running: Cluster, kind: str
) -> None:
    assert kind in BREAKS
    if kind == "full" and not all(each.has_own_disk for each in running.nodes):
        pytest.skip("a full disk needs file systems of its own: run it as root")
    pauses = []
    try:
        async with shop.crowd(kind) as crowd:
            for _ in range(ROUNDS):
                begin = time.monotonic_ns()
                await shop.wait_for_orders(crowd.recorder, ORDERS_BETWEEN, begin)
                broken = time.monotonic_ns()
                await asyncio.to_thread(break_primary, kind, running)
                whole = time.monotonic_ns()
                await shop.wait_for_orders(crowd.recorder, ORDERS_BETWEEN, whole)
                end = time.monotonic_ns()
                pauses.append(seconds_without_orders(crowd.recorder.calls, broken, end))
    except Exception as failure:
        failure.add_note(running.logs())
        raise
    show(
        f"{kind}: {ROUNDS} rounds, seconds without orders: median {median(pauses):.1f},"
        f" worst {max(pauses):.1f}; errors {dict(errors_of(crowd.recorder.calls))};"
        f" answers {dict(crowd.decisions)}"
    )


def show(text: str) -> None:
    print(text)  # noqa: T201  `make failover` shows it.
