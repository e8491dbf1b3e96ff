"""What the session store in memory owes beyond the port."""

from datetime import timedelta

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from tests.factories import NOW, session

pytestmark = pytest.mark.anyio


async def test_stored_rows_do_not_contain_the_token() -> None:
    database = MemoryDatabase()
    async with MemoryUnitOfWork(database, writing=True) as uow:
        token = uow.sessions.create(session("1"))
        await uow.commit()
    async with MemoryUnitOfWork(database, writing=True) as uow:
        rotated = uow.sessions.rotate((await uow.sessions.lock([token]))[token])
        await uow.commit()

    kept = repr(database.state)

    (row,) = database.state.sessions.rows.values()
    assert token not in kept
    assert rotated not in kept
    async with MemoryUnitOfWork(database, writing=False) as snapshot:
        assert await snapshot.sessions.find([row.token_hash]) == {}


async def test_latest_use_is_stored_in_any_order_of_reports() -> None:
    database = MemoryDatabase()
    later, earlier = NOW + timedelta(minutes=2), NOW + timedelta(minutes=1)
    async with MemoryUnitOfWork(database, writing=True) as uow:
        uow.sessions.create(session("1"))
        await uow.commit()

    async with MemoryUnitOfWork(database, writing=True) as uow:
        uow.sessions.touch(session("1").id, later)
        uow.sessions.touch(session("1").id, earlier)
        await uow.commit()

    (row,) = database.state.sessions.rows.values()
    assert row.session == session("1").used_at(later)
