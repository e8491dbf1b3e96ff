"""Shops on every kind of storage, as the container builds them."""

from collections.abc import Callable, Coroutine
from functools import partial
from types import TracebackType
from typing import Any

from dependency_injector import providers
from pydantic import Secret

from shop.adapters.memory.engine.database import MemoryDatabase, State
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.guarded.unit_of_work import GuardedSqlUnitOfWork
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.unit_of_work import TransientFailure, UnitOfWork
from shop.domain.shared.money import MAX_AMOUNT
from shop.entrypoints.configuration.limits import RateLimits
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from tests.clock import FakeClock
from tests.doubles import FakePasswordHasher, SequentialIds
from tests.emptying import delete_rows
from tests.factories import EUR, NOW
from tests.property.model.state import (
    ABSOLUTE_SECONDS,
    IDEMPOTENCY_SECONDS,
    IDLE_SECONDS,
    PENDING_PAYMENT_SECONDS,
    WELCOME_CREDIT,
)
from tests.property.system.action_executor import ControlledAdapters
from tests.property.system.deterministic_worker import DeterministicWorker
from tests.property.system.scripted_gateway import ScriptedGateway
from tests.property.system.system_under_test import ShopUnderTest

ShopFactory = Callable[[str, str], Coroutine[Any, Any, ShopUnderTest]]
"""Opens a shop on a storage ("memory", "sqlite" or "postgresql"), under a name of its own."""

SECRET = "a secret for tests alone, of enough characters"


class GuardedAttempt(GuardedSqlUnitOfWork):
    """A guarded unit of work that returns its ids if it fails: with locks, all has the same ones.

    So ids are the same on every storage, and however requests are grouped.
    """

    def __init__(self, database: SqlDatabase, ids: SequentialIds) -> None:
        super().__init__(database, writing=True)
        self._ids = ids
        self._ids_before = ids.count

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, TransientFailure):
            self._ids.restart(self._ids_before)
        await super().__aexit__(kind, error, traceback)


def memory_shop() -> ShopUnderTest:
    """Return a shop in memory."""
    adapters, database = _controlled_adapters(), MemoryDatabase()
    container = _container(adapters, "sqlite+aiosqlite:///never-opened.db", "public")
    new_unit_of_work = partial(MemoryUnitOfWork, database, writing=True)
    new_snapshot = partial(MemoryUnitOfWork, database, writing=False)
    container.database.override(providers.Object(database))
    container.unit_of_work.override(providers.Factory(new_unit_of_work))
    container.snapshot.override(providers.Factory(new_snapshot))

    async def empty() -> None:
        database.state = State.empty()

    return ShopUnderTest(container, adapters, new_unit_of_work, empty)


async def sql_shop(url: str, schema: str) -> ShopUnderTest:
    """Return a shop in a database, which is migrated."""
    adapters = _controlled_adapters()
    container = _container(adapters, url, schema)
    database = container.database()
    assert isinstance(database, SqlDatabase)
    try:
        await database.migrate()
    except BaseException:
        # What is left open would be reported in place of the failure.
        await database.close()
        raise

    def new_attempt() -> UnitOfWork:
        return GuardedAttempt(database, adapters.ids)

    container.guarded_unit_of_work.override(providers.Factory(new_attempt))
    new_unit_of_work = partial(SqlUnitOfWork, database, writing=True)
    return ShopUnderTest(container, adapters, new_unit_of_work, partial(delete_rows, database))


def _controlled_adapters() -> ControlledAdapters:
    clock = FakeClock(NOW)
    return ControlledAdapters(clock, SequentialIds(), ScriptedGateway(clock))


def _container(adapters: ControlledAdapters, url: str, schema: str) -> Container:
    settings = Settings(
        database_url=url,
        database_schema=schema,
        session_secrets=(Secret(SECRET),),
        session_idle_seconds=IDLE_SECONDS,
        session_absolute_seconds=ABSOLUTE_SECONDS,
        currency=EUR,
        pending_payment_timeout_seconds=PENDING_PAYMENT_SECONDS,
        action_timeout_seconds=PENDING_PAYMENT_SECONDS,
        # The model has no limits, and its customers pay as often as they like.
        rate_limits=RateLimits.OFF,
        pending_orders_per_customer=1_000,
        deposit_limit=MAX_AMOUNT,
        gateway_idempotency_seconds=IDEMPOTENCY_SECONDS,
        welcome_credit=WELCOME_CREDIT,
    )
    container = Container(settings=settings)
    container.clock.override(providers.Object(adapters.clock))
    container.id_generator.override(providers.Object(adapters.ids))
    container.payment_gateway.override(providers.Object(adapters.gateway))
    container.password_hasher.override(providers.Object(FakePasswordHasher()))
    assert isinstance(container.payment_job_runner, providers.Singleton)
    container.payment_job_runner.override(
        providers.Singleton(DeterministicWorker, *container.payment_job_runner.args)
    )
    return container
