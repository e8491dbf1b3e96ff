"""PostgreSQL under fire: COMMIT is cut, and servers are killed, while customers buy.

After each run, every answer is compared with the database, and the history of every object with
what it could have been (`tests/histories`).
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.fire.burning_shop import BurningShop, burning_shop
from tests.fire.heat import HEAT
from tests.fire.postgresql_server import KillableServer, killable_server
from tests.wire.faults import FAULTS, RandomFaults

pytestmark = pytest.mark.anyio

DECISIONS_BETWEEN = 25
"""How many requests are decided from one kill to the next."""

REJECTIONS = 4
"""How many new connections are rejected meanwhile."""


@pytest.fixture(scope="module")
def postgresql() -> Iterator[KillableServer]:
    with killable_server() as server:
        yield server


@pytest.fixture(scope="module")
async def shop(
    postgresql: KillableServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BurningShop]:
    async with burning_shop(tmp_path_factory.mktemp("fire"), postgresql.url) as shop:
        yield shop


def show(title: str, decisions: object) -> None:
    print(f"{title}: {decisions}")  # noqa: T201  `make fire` shows it.


async def test_faults_at_commit_lose_and_double_nothing(shop: BurningShop) -> None:
    faults = RandomFaults(HEAT.seed, number=HEAT.cuts, probability=0.3, names=list(FAULTS))
    async with shop.crowd("cuts") as crowd:
        shop.proxy.choose_fault = faults
        while not faults.is_over:
            await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)
            # Those that were cut have to connect again, and cannot at once.
            shop.proxy.rejected_connections = REJECTIONS
        await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)
    show(f"{faults.done.total()} faults at COMMIT {dict(faults.done)}", crowd.decisions)
    assert faults.done.total() == HEAT.cuts
    assert set(faults.done) == set(FAULTS)


async def test_killed_postgresql_loses_and_doubles_nothing(
    shop: BurningShop, postgresql: KillableServer
) -> None:
    async with shop.crowd("database") as crowd:
        for number in range(HEAT.database_kills):
            await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)
            if number % 2:
                await asyncio.to_thread(postgresql.kill_backend)
            else:
                await asyncio.to_thread(postgresql.kill)
                await asyncio.to_thread(postgresql.start)
        await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)
    show(f"{HEAT.database_kills} kills of PostgreSQL", crowd.decisions)


async def test_killed_server_loses_and_doubles_nothing(shop: BurningShop) -> None:
    async with shop.crowd("server") as crowd:
        for _ in range(HEAT.server_kills):
            await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)
            await shop.deployed.kill()
            await shop.deployed.start()
        await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)
    show(f"{HEAT.server_kills} kills of the server", crowd.decisions)


async def test_commit_that_is_not_on_disk_is_found_to_be_lost(
    shop: BurningShop, postgresql: KillableServer
) -> None:
    """Without this one, nothing would show that the others could fail."""
    lose = ("synchronous_commit = off", "wal_writer_delay = '10s'")

    async def lose_and_kill() -> None:
        async with shop.crowd("lost") as crowd:
            postgresql.run(
                *(f"ALTER SYSTEM SET {each}" for each in lose), "SELECT pg_reload_conf()"
            )
            await shop.wait_for_decisions(crowd.recorder, 2 * DECISIONS_BETWEEN)
            await asyncio.to_thread(postgresql.kill)
            await asyncio.to_thread(postgresql.start)
            await shop.wait_for_decisions(crowd.recorder, DECISIONS_BETWEEN)

    try:
        with pytest.raises(AssertionError, match=r"was acknowledged as .*, and is not stored"):
            await lose_and_kill()
    finally:
        postgresql.run("ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()")
