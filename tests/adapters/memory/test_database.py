"""What the database in memory owes its operator."""

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase

pytestmark = pytest.mark.anyio


async def test_database_is_always_available_and_migrated() -> None:
    database = MemoryDatabase()
    empty = database.state

    await database.migrate()
    await database.check()
    await database.analyse()
    await database.close()

    assert database.state is empty
