"""Shops on every kind of storage, as the container builds them."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from dependency_injector import providers
from sqlalchemy import delete, text, true

from shop.adapters.memory.database import MemoryDatabase, State
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.tables import accounts, metadata
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.entrypoints.container import Container
from shop.entrypoints.settings import Settings
from tests.clock import ScriptedClock
from tests.doubles import CountingIds, PlainHasher
from tests.factories import EUR
from tests.property.books import ABSOLUTE_SECONDS, IDLE_SECONDS, WELCOME
from tests.property.shops import Shop

NewShop = Callable[[str, ScriptedClock, str], Coroutine[Any, Any, Shop]]
"""Opens a shop on a storage ("memory", "sqlite" or "postgresql"), under a name of its own."""

SECRET = "a secret that nobody else has, of enough characters"


def memory_shop(clock: ScriptedClock) -> Shop:
    """Return a shop in memory."""
    ids, database = CountingIds(), MemoryDatabase()
    container = _container(clock, ids, "sqlite+aiosqlite:///never-opened.db", "public")
    new_unit_of_work = partial(MemoryUnitOfWork, database, writing=True)
    new_snapshot = partial(MemoryUnitOfWork, database, writing=False)
    container.database.override(providers.Object(database))
    container.unit_of_work.override(providers.Factory(new_unit_of_work))
    container.snapshot.override(providers.Factory(new_snapshot))

    async def empty() -> None:
        database.state = State.empty()

    return Shop(container, ids, new_unit_of_work, empty)


async def sql_shop(clock: ScriptedClock, url: str, schema: str) -> Shop:
    """Return a shop in a database, which is migrated."""
    ids = CountingIds()
    container = _container(clock, ids, url, schema)
    database = container.database()
    assert isinstance(database, SqlDatabase)
    try:
        await database.migrate()
    except BaseException:
        # What is left open would be reported in place of the failure.
        await database.close()
        raise

    async def empty() -> None:
        async with database.writer.begin() as connection:
            if database.is_embedded:
                for table in reversed(metadata.sorted_tables):
                    theirs = accounts.c.user_id.is_not(None) if table is accounts else true()
                    await connection.execute(delete(table).where(theirs))
            else:
                # Deleted rows would slow down every later question.
                await connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
        await database.migrate()

    return Shop(container, ids, partial(SqlUnitOfWork, database, writing=True), empty)


def _container(clock: ScriptedClock, ids: CountingIds, url: str, schema: str) -> Container:
    settings = Settings(
        database_url=url,
        database_schema=schema,
        session_secrets=(SECRET,),
        session_idle_seconds=IDLE_SECONDS,
        session_absolute_seconds=ABSOLUTE_SECONDS,
        currency=EUR,
        welcome_credit=WELCOME,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(clock))
    container.ids.override(providers.Object(ids))
    container.hasher.override(providers.Object(PlainHasher()))
    return container
