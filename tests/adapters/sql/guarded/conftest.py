"""The shop of these tests."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from shop.adapters.sql.guarded import connection
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from tests.adapters.sql.guarded.guarded_shop import (
    SKUS,
    STOCK,
    GuardedShop,
    database_of,
    new_container,
)
from tests.clock import FakeClock
from tests.factories import inventory, product


@pytest.fixture
async def shop(
    postgresql_url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GuardedShop]:
    # A busy machine may take longer; a test of the bound itself sets its own.
    monkeypatch.setattr(connection, "GUARDED_SECONDS", 60)
    container = new_container(postgresql_url, f"guarded_{uuid4().hex}", clock)
    database = database_of(container)
    await database.migrate()
    async with SqlUnitOfWork(database, writing=True) as uow:
        for sku in SKUS:
            uow.products.add(product(sku))
            uow.inventories.add(inventory(sku, STOCK))
        await uow.commit()
    yield GuardedShop(container, database)
    await database.close()
