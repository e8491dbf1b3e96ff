"""Servers of an older release leave new columns unset; `shop migrate` fills them."""

from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import orders, shipment_events, users
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.paging import PageRequest
from shop.domain.orders.order import Actor
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, BOB, writing_unit
from tests.factories import NOW, account, order, payment

pytestmark = pytest.mark.anyio

SHIPPED, UNSHIPPED = order(ADA, "1"), order(ADA, "2")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Return a database with two users and two orders; one order has a shipment."""
    url = request.getfixturevalue(f"{request.param}_url")
    database = new_database(url, f"older_{uuid4().hex}")
    await database.migrate()
    async with writing_unit(database) as uow:
        for each in (ADA, BOB):
            uow.users.add(each)
            uow.accounts.add(account(each))
        for placed in (SHIPPED, UNSHIPPED):
            uow.orders.add(placed, placed.initial_status_change(actor=Actor.CUSTOMER))
            uow.payments.add(payment(placed))
        await uow.commit()
    async with database.writer.begin() as connection:
        event = {"order_id": SHIPPED.id, "kind": "shipped", "actor": "admin", "created_at": NOW}
        await connection.execute(insert(shipment_events).values(id=uuid4(), **event))
        unset = update(users).where(users.c.id == ADA.id).values(search_text="")
        await connection.execute(unset)
    return database


async def test_migrating_again_marks_orders_that_an_older_server_has_shipped(
    database: SqlDatabase,
) -> None:
    await database.migrate()

    async with database.reader.connect() as connection:
        rows = await connection.execute(select(orders.c.id, orders.c.has_fulfilment))
        marked = {row.id: row.has_fulfilment for row in rows}
    assert marked == {SHIPPED.id: True, UNSHIPPED.id: False}


async def test_migrating_again_makes_users_of_an_older_server_searchable(
    database: SqlDatabase,
) -> None:
    await database.migrate()

    async with SqlUnitOfWork(database, writing=False) as uow:
        found = await uow.users.search("ada@", PageRequest(limit=9, after=None))
    assert found.items == [ADA]
