"""Shops on every kind of storage, as the container builds them."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from dependency_injector import providers
from sqlalchemy import delete, text, true

from shop.adapters.memory.engine.database import MemoryDatabase, State
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import accounts, metadata
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.clock import ScriptedClock
from tests.doubles import CountingIds, PlainHasher
from tests.factories import EUR, NOW
from tests.property.books import (
    ABSOLUTE_SECONDS,
    HOLD_SECONDS,
    IDLE_SECONDS,
    KEY_SECONDS,
    WELCOME,
)
from tests.property.gateways import FatedGateway
from tests.property.parts import Parts
from tests.property.shops import Shop
from tests.property.workers import SteadyWorker

NewShop = Callable[[str, str], Coroutine[Any, Any, Shop]]
"""Opens a shop on a storage ("memory", "sqlite" or "postgresql"), under a name of its own."""

SECRET = "a secret that nobody else has, of enough characters"


def memory_shop() -> Shop:
    """Return a shop in memory."""
    parts, database = _parts(), MemoryDatabase()
    container = _container(parts, "sqlite+aiosqlite:///never-opened.db", "public")
    new_unit_of_work = partial(MemoryUnitOfWork, database, writing=True)
    new_snapshot = partial(MemoryUnitOfWork, database, writing=False)
    container.database.override(providers.Object(database))
    container.unit_of_work.override(providers.Factory(new_unit_of_work))
    container.snapshot.override(providers.Factory(new_snapshot))

    async def empty() -> None:
        database.state = State.empty()

    return Shop(container, parts, new_unit_of_work, empty)


async def sql_shop(url: str, schema: str) -> Shop:
    """Return a shop in a database, which is migrated."""
    parts = _parts()
    container = _container(parts, url, schema)
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

    return Shop(container, parts, partial(SqlUnitOfWork, database, writing=True), empty)


def _parts() -> Parts:
    clock = ScriptedClock(NOW)
    return Parts(clock, CountingIds(), FatedGateway(clock))


def _container(parts: Parts, url: str, schema: str) -> Container:
    settings = Settings(
        database_url=url,
        database_schema=schema,
        session_secrets=(SECRET,),
        session_idle_seconds=IDLE_SECONDS,
        session_absolute_seconds=ABSOLUTE_SECONDS,
        currency=EUR,
        pending_payment_timeout_seconds=HOLD_SECONDS,
        gateway_idempotency_seconds=KEY_SECONDS,
        welcome_credit=WELCOME,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(parts.clock))
    container.id_generator.override(providers.Object(parts.ids))
    container.payment_gateway.override(providers.Object(parts.gateway))
    container.password_hasher.override(providers.Object(PlainHasher()))
    assert isinstance(container.payment_job_runner, providers.Singleton)
    container.payment_job_runner.override(
        providers.Singleton(SteadyWorker, *container.payment_job_runner.args)
    )
    return container
