"""The primary of a cluster is broken under load: no acknowledged order is lost, and none is double.

Every answer is compared with the database at the end, and the history of every object with what it
could have been (`tests/histories`). `make failover` has more rounds and all kinds.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from statistics import median

import httpx2
import pytest

from shop.adapters.sql.database import SqlDatabase
from shop.application.ports.unit_of_work import DatabaseUnavailable
from tests.clock import FakeClock
from tests.cluster.cluster import Cluster, cluster
from tests.cluster.faults import BREAKS, break_primary
from tests.cluster.highly_available_shop import (
    HighlyAvailableShop,
    errors_of,
    highly_available_shop,
    seconds_without_orders,
)
from tests.cluster.programs import HOW_TO_GET_THEM, missing_programs
from tests.concurrency.customers import Customer
from tests.factories import EUR, NOW
from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(bool(missing_programs()), reason=HOW_TO_GET_THEM),
]

ROUNDS = int(os.environ.get("SHOP_FAILOVER_ROUNDS") or 1)
KINDS = (os.environ.get("SHOP_FAILOVER_KINDS") or "crash").split()
ORDERS_BETWEEN = 20

takes_long = pytest.mark.skipif(
    "SHOP_FAILOVER_ROUNDS" not in os.environ, reason="it takes long: make failover runs it"
)
TTL_SECONDS = 20


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


@takes_long
async def test_shop_without_a_standby_says_so_and_acknowledges_nothing(
    shop: HighlyAvailableShop, running: Cluster
) -> None:
    standby = running.standby
    customer = await Customer(shop.urls[0], shop.deployed.connections).sign_up()
    await shop.admin.stock("TEA", 10)
    await asyncio.to_thread(standby.kill)
    try:
        await _until_ready(shop, is_ready=False)
        ordering = asyncio.create_task(customer.order("TEA", key="without-a-standby"))
        done, _ = await asyncio.wait([ordering], timeout=3)
        assert all(each.result().status_code == 503 for each in done)
    finally:
        await asyncio.to_thread(standby.start)
        await asyncio.to_thread(running.wait_until_whole)
    await _until_ready(shop, is_ready=True)
    await ordering
    while (answer := await customer.order("TEA", key="without-a-standby")).status_code != 201:
        assert answer.status_code in {409, 503}, answer.text
        await asyncio.sleep(POLL_INTERVAL_SECONDS)
    logs = "".join(each.log() for each in shop.servers)
    assert "a standby that commits wait for may be gone" in logs


@takes_long
async def test_shop_goes_on_without_etcd(shop: HighlyAvailableShop, running: Cluster) -> None:
    await asyncio.to_thread(running.stop_etcd)
    try:
        # Longer than the primary may be silent in etcd.
        await asyncio.sleep(TTL_SECONDS + 5)
        await _until_ready(shop, is_ready=True)
    finally:
        await asyncio.to_thread(running.start_etcd)
        await asyncio.to_thread(running.wait_until_whole)


async def test_address_of_a_standby_is_not_ready(
    shop: HighlyAvailableShop, running: Cluster
) -> None:
    port = running.standby.postgresql_port
    database = SqlDatabase(
        running.pooled_url.replace(f":{running.pooler_port}/", f":{port}/"),
        schema=shop.deployed.server.settings["SHOP_DATABASE_SCHEMA"],
        secrets=list,
        currency=EUR,
        clock=FakeClock(NOW),
    )
    try:
        with pytest.raises(DatabaseUnavailable, match="leads to a standby"):
            await database.check_writing()
    finally:
        await database.close()


async def _until_ready(shop: HighlyAvailableShop, *, is_ready: bool) -> None:
    """Wait until no server, or each, says that it is ready."""
    expected = 200 if is_ready else 503
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS), httpx2.AsyncClient() as client:
        for url in shop.urls:
            while (await client.get(f"{url}/readyz", timeout=30)).status_code != expected:  # noqa: ASYNC110  It becomes so.
                await asyncio.sleep(POLL_INTERVAL_SECONDS)


def show(text: str) -> None:
    print(text)  # noqa: T201  `make failover` shows it.
