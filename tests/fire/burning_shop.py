"""A shop under fire: real processes, with the wire proxy before PostgreSQL and a bank reader."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash.system import deploy_shop
from tests.fire.loaded_shop import LoadedShop, sign_up_admin
from tests.processes.patience import PATIENCE_VARIABLE
from tests.wire.proxy import WireProxy, wire_proxy

PROCESSES = 2


@dataclass(frozen=True, kw_only=True)
class BurningShop(LoadedShop):
    """A shop with the wire proxy between it and the database."""

    proxy: WireProxy


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
        admin = await sign_up_admin(deployed)
        yield BurningShop(deployed=deployed, proxy=proxy, database_url=url, admin=admin)
