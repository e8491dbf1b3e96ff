"""A shop under fire: real processes, with the wire proxy before PostgreSQL and a bank reader."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg

from shop.domain.user import Role
from tests.concurrency.customers import Admin, Customer
from tests.crash.system import LEASE_SECONDS, DeployedShop, deploy_shop
from tests.fire.crowd import CUSTOMERS, Crowd
from tests.histories.bank_reader import bank_reader
from tests.histories.check import EndState, StoredOrder, find_errors, stock_of, uses_of
from tests.histories.recorder import Recorder
from tests.processes.patience import PATIENCE_VARIABLE
from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS
from tests.wire.proxy import WireProxy, wire_proxy

PROCESSES = 2

ORDERS = """
    SELECT idempotency_key, id::text, status, total FROM orders
    WHERE id IN (SELECT order_id FROM order_lines WHERE sku = ANY($1))
"""
AVAILABLE = "SELECT on_hand - reserved FROM inventories WHERE sku = $1"


@dataclass(frozen=True, kw_only=True)
class BurningShop:
    """The processes, the proxy between them and the database, and its own address."""

    deployed: DeployedShop
    proxy: WireProxy
    database_url: str
    admin: Admin

    @asynccontextmanager
    async def crowd(self, seed: str) -> AsyncIterator[Crowd]:
        """Let a crowd act beside what happens within; check in the end what has become of it."""
        customers = [
            Customer(self.deployed.server.url, self.deployed.connections) for _ in range(CUSTOMERS)
        ]
        crowd = Crowd(admin=self.admin, customers=customers, seed=seed)
        await crowd.prepare()
        schema = self.deployed.server.settings["SHOP_DATABASE_SCHEMA"]
        async with bank_reader(self.database_url, schema) as reader:
            acting = asyncio.create_task(crowd.act())
            try:
                yield crowd
                crowd.is_over = True
                async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
                    await acting
            finally:
                acting.cancel()
                await asyncio.gather(acting, return_exceptions=True)
        assert reader.sums[0] > 0
        await self._settle()
        errors = find_errors(crowd.recorder.calls, crowd.objects, await self._end_of(crowd))
        assert not errors, "\n".join(errors)
        await self.deployed.require_clean_audit()

    async def wait_for_decisions(self, recorder: Recorder, number: int) -> None:
        """Wait until so many more answers have said what has become of a request."""
        before = len(recorder.calls)
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            while sum(each.is_decided for each in recorder.calls[before:]) < number:  # noqa: ASYNC110  It becomes so.
                await asyncio.sleep(POLL_INTERVAL_SECONDS)

    async def _settle(self) -> None:
        """Have the work of what was killed taken over, and wait until nothing is left to do."""
        self.deployed.clock.advance(LEASE_SECONDS)
        await self.deployed.run_jobs()

    async def _end_of(self, crowd: Crowd) -> EndState:
        connection = await asyncpg.connect(
            self.database_url.replace("+asyncpg", ""),
            server_settings={"search_path": self.deployed.server.settings["SHOP_DATABASE_SCHEMA"]},
        )
        try:
            skus = [crowd.plenty, crowd.few]
            orders = {
                row[0]: StoredOrder(id=row[1], status=row[2], total=row[3])
                for row in await connection.fetch(ORDERS, skus)
            }
            quantities = {stock_of(sku): await connection.fetchval(AVAILABLE, sku) for sku in skus}
        finally:
            await connection.close()
        promotion = (await self.admin.request("GET", f"/promotions/{crowd.slug}")).json()
        quantities[uses_of(crowd.code)] = promotion["limit"] - promotion["used"]
        return EndState(orders=orders, quantities=quantities)


@asynccontextmanager
async def burning_shop(folder: Path, url: str) -> AsyncIterator[BurningShop]:
    """Serve a shop in two processes behind the wire proxy; no order has been placed."""
    async with deploy_shop(folder, url) as deployed, wire_proxy(url) as proxy:
        deployed.server.workers = PROCESSES
        await deployed.start(
            SHOP_DATABASE_URL=proxy.url,
            SHOP_SIMULATED_GATEWAY_URL=deployed.gateway.url,
            SHOP_WELCOME_CREDIT="1000000",
            # What the test kills is logged again and again.
            SHOP_LOG_LEVEL="error",
            **{PATIENCE_VARIABLE: "yes"},
        )
        admin = Admin(deployed.server.url, deployed.connections)
        admin.email = f"admin-{uuid4().hex}@example.com"
        await admin.sign_up()
        await deployed.container.role_service().grant(admin.email, Role.ADMIN)
        yield BurningShop(deployed=deployed, proxy=proxy, database_url=url, admin=admin)
