"""A shop on a SQLite file that a test changes beneath it."""

import asyncio
import atexit
import shutil
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx2

from tests.concurrency.customers import Customer
from tests.process_logs import logs_shown_on_failure
from tests.processes.file_locks import SHORT_WAITS_VARIABLE
from tests.servers import (
    POLL_INTERVAL_SECONDS,
    PROCESS_ENVIRONMENT,
    ShopServer,
    reserved_port,
)
from tests.timeouts import TEST_TIMEOUT_SECONDS

SKU = "TEA"
UNAVAILABLE = (503, "/problems/service-unavailable")
NO_SETTINGS: Mapping[str, str] = {}
SHORT_LOCK_WAITS: Mapping[str, str] = {SHORT_WAITS_VARIABLE: "yes"}


@dataclass(frozen=True, kw_only=True)
class WatchedShop:
    """A server on a file that the test changes beneath it, and a customer."""

    server: ShopServer
    customer: Customer

    @property
    def file(self) -> Path:
        return self.server.folder / "shop.db"

    async def order(self) -> tuple[int, str]:
        """Order, and return the status with the order's number or the problem's type."""
        response = await self.customer.order(SKU)
        body = response.json()
        return response.status_code, body.get("type") or body["number"]

    async def placed_order(self) -> str:
        """Place an order and return its number."""
        status, number = await self.order()
        assert status == 201, number
        return number

    async def readiness(self) -> int:
        client = self.customer.client
        return (await client.get(client.base_url.join("/readyz"))).status_code

    async def wait_for_readiness(self, status: int) -> None:
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            while await self.readiness() != status:  # noqa: ASYNC110  It becomes so in another process.
                await asyncio.sleep(POLL_INTERVAL_SECONDS)

    async def pay_by_card(self) -> tuple[int, str]:
        """Order by card, and return the status with the order's number or the problem's type."""
        payment = {"method": "card", "token": "tok_visa"}
        response = await self.customer.request(
            "POST",
            "/orders",
            {"lines": [{"sku": SKU, "quantity": 1}], "payment": payment},
            idempotency_key=uuid4().hex,
        )
        body = response.json()
        return response.status_code, body.get("type") or body["number"]

    async def require_unavailable(self) -> None:
        """Check that nothing is acknowledged, shown or reported as ready."""
        assert await self.order() == UNAVAILABLE
        assert (await self.customer.request("GET", "/orders")).status_code == 503
        assert await self.readiness() == 503

    def log_lines(self, event: str) -> list[str]:
        return [line for line in self.server.log().splitlines() if event in line]

    def orders_in(self, file: Path) -> set[str]:
        """Return the numbers of the orders that a new process finds in a file."""
        with closing(sqlite3.connect(file)) as connection:
            return {number for (number,) in connection.execute("SELECT number FROM orders")}


@asynccontextmanager
async def watched_shop(
    folder: Path, workers: int, settings: Mapping[str, str] = NO_SETTINGS
) -> AsyncIterator[WatchedShop]:
    """Serve a shop with a product and a customer; `settings` are added to its usual ones."""
    await asyncio.to_thread(_copy_file_with_products, folder)
    settings = {
        "SHOP_WELCOME_CREDIT": "100000",
        "SHOP_LOG_LEVEL": "warning",
        **PROCESS_ENVIRONMENT,
        **settings,
    }
    with logs_shown_on_failure(folder), reserved_port() as port:
        server = ShopServer(folder=folder, settings=settings, workers=workers, port=port)
        await asyncio.to_thread(server.start)
        try:
            async with httpx2.AsyncHTTPTransport() as connections:
                customer = await Customer(server.url, connections).sign_up()
                yield WatchedShop(server=server, customer=customer)
        finally:
            await asyncio.to_thread(server.stop)


def _copy_file_with_products(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    shutil.copy(_file_with_products(), folder / "shop.db")


_templates = ExitStack()
atexit.register(_templates.close)


@cache
def _file_with_products() -> Path:
    """Make a migrated database with products once; each shop gets a copy."""
    folder = Path(_templates.enter_context(TemporaryDirectory()))
    (folder / "products.csv").write_text(
        f"sku,name,description,price,stock\n{SKU},Tea,,100,10000\n"
    )
    with reserved_port() as port:
        server = ShopServer(folder=folder, settings={}, workers=1, port=port)
        for command in (["migrate"], ["import", "products.csv"]):
            assert server.run(*command).returncode == 0
    assert [each.name for each in folder.glob("shop.db*")] == ["shop.db"]
    return folder / "shop.db"
