"""A shop of real processes under load, whose answers are checked against what it has stored."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg

from shop.domain.user import Role
from tests.concurrency.customers import Admin, Customer
from tests.crash.system import LEASE_SECONDS, DeployedShop
from tests.fire.crowd import CUSTOMERS, Crowd
from tests.histories.bank_reader import bank_reader
from tests.histories.check import EndState, StoredOrder, find_errors, stock_of, uses_of
from tests.histories.recorder import Recorder
from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS

ORDERS = """
    SELECT idempotency_key, id::text, status, total FROM orders
    WHERE id IN (SELECT order_id FROM order_lines WHERE sku = ANY($1))
"""
AVAILABLE = "SELECT on_hand - reserved FROM inventories WHERE sku = $1"


@dataclass(frozen=True, kw_only=True)
class LoadedShop:
    """The processes, the address of the database itself, and an admin."""

    deployed: DeployedShop
    database_url: str
    admin: Admin

    @property
    def urls(self) -> Sequence[str]:
        """The addresses of all servers; customers are spread over them."""
        return [self.deployed.server.url]

    @asynccontextmanager
    async def crowd(self, seed: str) -> AsyncIterator[Crowd]:
        """Let a crowd act beside what happens within; check in the end what has become of it."""
        customers = [
            Customer(self.urls[number % len(self.urls)], self.deployed.connections)
            for number in range(CUSTOMERS)
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


async def sign_up_admin(deployed: DeployedShop) -> Admin:
    """Sign an admin up with a started server."""
    admin = Admin(deployed.server.url, deployed.connections)
    admin.email = f"admin-{uuid4().hex}@example.com"
    await admin.sign_up()
    await deployed.container.role_service().grant(admin.email, Role.ADMIN)
    return admin
