"""Every adapter that the contract suites run on."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from shop.adapters.cookie.session_store import CookieSessionStore
from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.repositories.session_store import SessionStore, unwrapped
from shop.entrypoints.container.factories import sql_snapshot
from tests.clock import FakeClock
from tests.contract.payment_gateway.local_stripe import (
    LocalStripe,
    open_local_stripe,
    run_localstripe,
)
from tests.contract.payment_gateway.stripe_rules_proxy import StripeRulesProxy
from tests.contract.storage import Storage
from tests.emptying import delete_rows
from tests.factories import EUR, NOW

SECRETS = ["a secret for tests alone, of enough characters"]


def _sql_database(url: str) -> SqlDatabase:
    return SqlDatabase(
        url, schema="public", secrets=lambda: SECRETS, currency=EUR, clock=FakeClock(NOW)
    )


def _migrate(url: str) -> None:
    async def migrate() -> None:
        sql_database = _sql_database(url)
        await sql_database.migrate()
        await sql_database.close()

    asyncio.run(migrate())


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one file, of which each test gets a copy: that takes a hundredth of the time."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite+aiosqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> str:
    _migrate(postgresql_url)
    return postgresql_url


@pytest.fixture
def memory_storage() -> Storage:
    return _memory_stores(MemoryDatabase())


@pytest.fixture
def sealed(clock: FakeClock) -> Callable[[SessionStore], SessionStore]:
    return lambda rows: CookieSessionStore(rows, lambda: SECRETS, clock)


@pytest.fixture
def cookie_storage(sealed: Callable[[SessionStore], SessionStore]) -> Storage:
    return _memory_stores(MemoryDatabase(), sealed)


@pytest.fixture
async def sqlite_storage(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Storage]:
    file = shutil.copy(migrated_sqlite, tmp_path / "shop.db")
    database = _sql_database(f"sqlite+aiosqlite:///{file}")
    yield _sql_stores(database)
    await database.close()


@pytest.fixture
async def postgresql_storage(migrated_postgresql: str) -> AsyncIterator[Storage]:
    database = _sql_database(migrated_postgresql)
    yield _sql_stores(database)
    await delete_rows(database)
    await database.close()


@pytest.fixture
async def postgresql_cookie_storage(
    migrated_postgresql: str, sealed: Callable[[SessionStore], SessionStore]
) -> AsyncIterator[Storage]:
    database = _sql_database(migrated_postgresql)
    yield _sql_stores(database, sealed)
    await delete_rows(database)
    await database.close()


@pytest.fixture(scope="session")
def stripe_url() -> Iterator[str]:
    """Start a server that stands in for Stripe; each test clears its records."""
    with run_localstripe() as url:
        yield url


@pytest.fixture
async def stripe(stripe_url: str, clock: FakeClock) -> AsyncIterator[LocalStripe]:
    async with open_local_stripe(stripe_url, clock) as local_stripe:
        yield local_stripe


@pytest.fixture
def stripe_proxy(stripe: LocalStripe) -> StripeRulesProxy:
    return stripe.proxy


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Return the empty storage of an adapter."""
    made_storage: Storage = request.getfixturevalue(f"{request.param}_storage")
    return made_storage


@pytest.fixture(params=["memory", "sqlite", "postgresql", "cookie"])
def session_storage(request: pytest.FixtureRequest) -> Storage:
    """Return the empty storage of an adapter, also with the store of encrypted sessions."""
    made_storage: Storage = request.getfixturevalue(f"{request.param}_storage")
    return made_storage


def _memory_stores(
    database: MemoryDatabase,
    sessions: Callable[[SessionStore], SessionStore] = unwrapped,
) -> Storage:
    return Storage(
        unit_of_work=partial(MemoryUnitOfWork, database, writing=True, sessions=sessions),
        snapshot=partial(MemoryUnitOfWork, database, writing=False, sessions=sessions),
    )


def _sql_stores(
    database: SqlDatabase, sessions: Callable[[SessionStore], SessionStore] = unwrapped
) -> Storage:
    return Storage(
        unit_of_work=partial(SqlUnitOfWork, database, writing=True, sessions=sessions),
        snapshot=partial(sql_snapshot, database, sessions=sessions),
    )
