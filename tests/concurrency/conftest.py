"""A running shop for concurrent requests: SQLite with one process, PostgreSQL with two."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from shop.domain.user import Role
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.concurrency.customers import Admin, Customer
from tests.processes.patience import PATIENCE_VARIABLE
from tests.servers import PROCESS_ENVIRONMENT, ShopServer, reserved_port
from tests.unique_names import unique_name

SECRET = "a secret for races alone, 0123456789"

SIGN_UPS_AT_ONCE = 8
"""Under SERIALIZABLE, more of them conflict on the same page of an index again and again."""


@dataclass(frozen=True, kw_only=True)
class RunningShop:
    """A running shop, an admin in it, and connections to it."""

    server: ShopServer
    connections: httpx2.AsyncHTTPTransport
    admin: Admin

    def new_client(self) -> Customer:
        return Customer(self.server.url, self.connections)

    async def customers(self, number: int) -> list[Customer]:
        turns = asyncio.Semaphore(SIGN_UPS_AT_ONCE)

        async def sign_up() -> Customer:
            async with turns:
                return await self.new_client().sign_up()

        return await asyncio.gather(*(sign_up() for _ in range(number)))

    async def audit(self) -> None:
        """Check every invariant, as `shop audit` does."""
        async with in_process_shop(self.server.settings) as shop:
            findings = await shop.audit_shop().run(lambda _: None)
        assert [each for each in findings if each.violations] == []


@dataclass(frozen=True, kw_only=True)
class OpenShop:
    """A running shop, and the cookie of an admin in it."""

    server: ShopServer
    admin_cookie: str


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OpenShop]:
    folder = tmp_path_factory.mktemp(f"race-{request.param}")
    with serving_shop(
        folder, _database(request, folder), 1 if request.param == "sqlite" else 2
    ) as shop:
        yield shop


@contextmanager
def serving_shop(folder: Path, database: dict[str, str], workers: int) -> Iterator[OpenShop]:
    """Serve a shop on a database, in so many processes."""
    settings = {
        "SHOP_SESSION_SECRETS": json.dumps([SECRET]),
        "SHOP_WELCOME_CREDIT": "100000",
        # All customers sign up from one address.
        "SHOP_RATE_LIMITS": "off",
        **PROCESS_ENVIRONMENT,
        PATIENCE_VARIABLE: "yes",
        **database,
    }
    with reserved_port() as port:
        server = ShopServer(folder=folder, settings=settings, workers=workers, port=port)
        asyncio.run(_migrate(settings))
        server.start()
        yield OpenShop(server=server, admin_cookie=asyncio.run(_admin_cookie(server)))
        server.stop()


@asynccontextmanager
async def in_process_shop(settings: Mapping[str, str]) -> AsyncIterator[Container]:
    """Open the served shop in this process as well, which saves starting one for a command."""
    named = {
        name.removeprefix("SHOP_").lower(): value
        for name, value in settings.items()
        if name.startswith("SHOP_")
    }
    shop = Container(settings=Settings.model_validate(named))
    try:
        yield shop
    finally:
        await shop.database().close()


@pytest.fixture
async def running_shop(shop: OpenShop) -> AsyncIterator[RunningShop]:
    limits = httpx2.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx2.AsyncHTTPTransport(limits=limits) as connections:
        admin = Admin(shop.server.url, connections)
        admin.client.cookies.set("shop_session", shop.admin_cookie)
        yield RunningShop(server=shop.server, connections=connections, admin=admin)


@pytest.fixture
def sku() -> str:
    return unique_name("race")


def _database(request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    if request.param == "sqlite":
        return {"SHOP_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/shop.db"}
    return {
        "SHOP_DATABASE_URL": request.getfixturevalue("postgresql_url"),
        "SHOP_DATABASE_SCHEMA": "race",
    }


async def _migrate(settings: Mapping[str, str]) -> None:
    async with in_process_shop(settings) as shop:
        await shop.database().migrate()


async def _admin_cookie(server: ShopServer) -> str:
    async with httpx2.AsyncHTTPTransport() as connections:
        admin = Admin(server.url, connections)
        await admin.sign_up()
        async with in_process_shop(server.settings) as shop:
            await shop.role_service().grant(admin.email, Role.ADMIN)
        # The change of privilege comes with a new id.
        response = await admin.request("GET", "/session")
        assert response.json()["roles"] == ["admin", "customer"]
        return admin.cookie
