"""A drill: the shop is backed up under load, lost, and restored on another machine."""

import asyncio
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

import httpx2

from tests.backup.conftest import Engine
from tests.concurrency.customers import Customer
from tests.entrypoints.cli.command_line import CommandLine
from tests.servers import ShopServer, reserved_port
from tests.timeouts import TEST_TIMEOUT_SECONDS

CUSTOMERS = 4
ORDERS_BEFORE, ORDERS_AFTER = 60, 20
SKU = "TEA-EARL-GREY"
PAYMENTS = ({"method": "account"}, {"method": "card", "token": "tok_visa"})


@dataclass
class Buyer:
    """A customer who orders, by account and by card in turn, until the test ends."""

    customer: Customer
    answered: asyncio.Semaphore
    """Released for each answer."""
    orders: dict[str, str] = field(default_factory=dict)
    """The id of each acknowledged order by its key."""
    has_stopped: bool = False

    async def order_until_stopped(self) -> None:
        for number, payment in zip(count(), cycle(PAYMENTS), strict=False):
            if self.has_stopped:
                return
            key = f"drill-{number:06}"
            response = await self.order(key, payment)
            assert response.status_code in {201, 202}, response.text
            self.orders[key] = response.json()["id"]
            self.answered.release()

    async def order(self, key: str, payment: dict[str, str]) -> httpx2.Response:
        body = {"lines": [{"sku": SKU, "quantity": 1}], "payment": payment}
        return await self.customer.request("POST", "/orders", body, idempotency_key=key)

    async def assert_replayed(self, key: str, order_id: str) -> None:
        """Repeat a request; the session and the key are as before."""
        payment = PAYMENTS[int(key[-1]) % len(PAYMENTS)]
        again = await self.order(key, payment)
        assert (again.status_code, again.json()["id"]) == (201, order_id)
        assert again.headers["idempotent-replayed"] == "true"


def test_every_order_acknowledged_before_the_backup_is_in_the_restored_shop(
    engine: Engine,
) -> None:
    lost, restored = engine.new_shop("lost"), engine.new_shop("restored")
    lost.output_of("migrate")
    lost.output_of("import", str(_products(lost)))
    backup = engine.folder / "backup.tar"

    asyncio.run(_run_drill(_as_process(lost), _as_process(restored), str(backup)))

    assert restored.run("audit").returncode == 0
    assert restored.output_of("reconcile") == "Differences: 0, repaired: 0.\n"


def _as_process(shop: CommandLine) -> CommandLine:
    """Return the same shop for commands that run beside the load."""
    return CommandLine(folder=shop.folder, settings=shop.settings)


async def _run_drill(lost: CommandLine, restored: CommandLine, backup: str) -> None:
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx2.AsyncHTTPTransport(limits=limits) as connections:
        with reserved_port() as port:
            server = _server(lost, port)
            await asyncio.to_thread(server.start)
            try:
                buyers = await _buyers(server, connections)
                acknowledged = await _back_up_under_load(lost, buyers, backup)
            finally:
                await asyncio.to_thread(server.kill)

            printed = await asyncio.to_thread(restored.output_of, "restore", backup)
            assert printed.splitlines()[-1] == "Differences: 0, repaired: 0."
            assert (await asyncio.to_thread(restored.run, "audit")).returncode == 0

            server = _server(restored, port)
            await asyncio.to_thread(server.start)
            try:
                for buyer, orders in zip(buyers, acknowledged, strict=True):
                    for key, order_id in orders.items():
                        await buyer.assert_replayed(key, order_id)
            finally:
                await asyncio.to_thread(server.stop)


async def _back_up_under_load(
    shop: CommandLine, buyers: list[Buyer], backup: str
) -> list[dict[str, str]]:
    """Return the orders of each buyer that were acknowledged before the backup began."""
    answered = buyers[0].answered
    load = asyncio.gather(*(each.order_until_stopped() for each in buyers))
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        for _ in range(ORDERS_BEFORE):
            await answered.acquire()
        acknowledged = [dict(each.orders) for each in buyers]
        await asyncio.to_thread(shop.output_of, "backup", backup)
        before_the_end = sum(len(each.orders) for each in buyers)
        assert before_the_end > sum(len(each) for each in acknowledged), "orders went on"
        for _ in range(ORDERS_AFTER):
            await answered.acquire()
        for each in buyers:
            each.has_stopped = True
        await load
    return acknowledged


async def _buyers(server: ShopServer, connections: httpx2.AsyncHTTPTransport) -> list[Buyer]:
    answered = asyncio.Semaphore(0)
    customers = [Customer(server.url, connections) for _ in range(CUSTOMERS)]
    return [Buyer(await each.sign_up(), answered) for each in customers]


def _server(shop: CommandLine, port: int) -> ShopServer:
    return ShopServer(folder=shop.folder, settings=shop.settings, workers=1, port=port)


def _products(shop: CommandLine) -> Path:
    file = shop.folder / "products.csv"
    file.write_text(f"sku,name,description,price,stock\n{SKU},Earl Grey,,100,100000\n")
    return file
