"""A shop on a cluster: two servers and two workers behind pgbouncer and HAProxy, under load."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.crash.system import deploy_shop
from tests.fire.loaded_shop import LoadedShop, sign_up_admin
from tests.histories.check import PLACE
from tests.histories.recorder import Call, Recorder
from tests.servers import POLL_INTERVAL_SECONDS, ShopServer, reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS

WORKERS = 2


@dataclass(frozen=True, kw_only=True)
class HighlyAvailableShop(LoadedShop):
    """Servers that reach the primary of a cluster."""

    cluster: Cluster
    servers: Sequence[ShopServer]

    @property
    def urls(self) -> Sequence[str]:
        """The addresses of all servers."""
        return [each.url for each in self.servers]

    async def wait_for_orders(self, recorder: Recorder, number: int, since: int) -> None:
        """Wait until so many orders that were placed after a moment have been accepted."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            while sum(_is_order(each) and each.begin > since for each in recorder.calls) < number:  # noqa: ASYNC110  It becomes so.
                await asyncio.sleep(POLL_INTERVAL_SECONDS)


def _is_order(call: Call) -> bool:
    return call.operation == PLACE and call.is_accepted


def seconds_without_orders(calls: Sequence[Call], begin: int, end: int) -> float:
    """Return the longest time between two moments (in ns) in which no order was accepted."""
    accepted = [each.end for each in calls if _is_order(each) and each.end is not None]
    moments = sorted([begin, *(each for each in accepted if begin < each < end), end])
    longest = max(after - before for before, after in pairwise(moments))
    return longest / 1e9


def errors_of(calls: Sequence[Call]) -> Counter[str]:
    """Count what customers were answered that did not decide their requests."""
    return Counter(
        f"{each.status} {each.problem}" if each.status is not None else "no answer"
        for each in calls
        if each.is_open or (not each.is_accepted and not each.is_rejected)
    )


@asynccontextmanager
async def highly_available_shop(
    folder: Path, cluster: Cluster
) -> AsyncIterator[HighlyAvailableShop]:
    """Serve a shop on a cluster; no order has been placed."""
    async with deploy_shop(folder, cluster.proxied_url) as deployed, AsyncExitStack() as stack:
        settings = {
            **deployed.server.settings,
            "SHOP_DATABASE_URL": cluster.pooled_url,
            "SHOP_DATABASE_POOLER": "transaction",
            "SHOP_SIMULATED_GATEWAY_URL": deployed.gateway.url,
            "SHOP_WELCOME_CREDIT": "1000000",
            "SHOP_RUN_JOBS_IN_SERVER": "false",
            # What the test breaks is logged again and again.
            "SHOP_LOG_LEVEL": "error",
        }
        deployed.server.settings = settings
        migrated = await asyncio.to_thread(
            deployed.server.run, "migrate", "--database", cluster.proxied_url
        )
        assert migrated.returncode == 0, migrated.stderr
        second = replace(deployed.server, port=stack.enter_context(reserved_port()), process=None)
        servers = [deployed.server, second]
        for each in servers:
            await asyncio.to_thread(each.start)
            stack.push_async_callback(asyncio.to_thread, each.kill)
        for _ in range(WORKERS):
            await stack.enter_async_context(deployed.worker())
        yield HighlyAvailableShop(
            deployed=deployed,
            database_url=cluster.proxied_url,
            admin=await sign_up_admin(deployed),
            cluster=cluster,
            servers=servers,
        )
