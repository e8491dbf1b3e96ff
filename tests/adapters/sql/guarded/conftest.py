"""The shop of these tests."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shop.adapters.sql.guarded import connection as guarded_connection
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from tests.adapters.sql.guarded.guarded_shop import (
    SKUS,
    STOCK,
    GuardedShop,
    database_of,
    new_container,
)
from tests.clock import FakeClock
from tests.contract.pricing.promoted_orders import ADA, BOB
from tests.contract.storage import Storage
from tests.emptying import delete_rows
from tests.factories import NOW, inventory, product


@pytest.fixture(scope="session")
def schema(postgresql_url: str) -> str:
    """Migrate a schema once; each test leaves it empty, which takes a tenth of the time."""
    name = f"guarded_{uuid4().hex}"

    async def migrate() -> None:
        database = database_of(new_container(postgresql_url, name, FakeClock(NOW)))
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return name


@pytest.fixture
async def shop(
    postgresql_url: str, schema: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GuardedShop]:
    # A busy machine may take longer; a test of the bound itself sets its own.
    monkeypatch.setattr(guarded_connection, "GUARDED_SECONDS", 60)
    container = new_container(postgresql_url, schema, clock)
    database = database_of(container)
    async with SqlUnitOfWork(database, writing=True) as uow:
        for sku in SKUS:
            uow.products.add(product(sku))
            uow.inventories.add(inventory(sku, STOCK))
        await uow.commit()
    yield GuardedShop(container, database)
    await delete_rows(database)
    await database.close()


@pytest.fixture
def storage(shop: GuardedShop) -> Storage:
    """Return the storage of the shop, for what contract tests know to store."""
    container = shop.container
    return Storage(unit_of_work=container.unit_of_work, snapshot=container.snapshot)


@pytest.fixture
async def buyers(storage: Storage) -> None:
    """Store Ada and Bob."""
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(BOB))
