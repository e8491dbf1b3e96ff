"""The shop behind a pooler in transaction mode: pgbouncer itself, with two connections."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from shop.adapters.sql.backup.postgresql_backup import PostgresqlBackup
from shop.adapters.sql.database import SqlDatabase
from shop.application.ports.database_backup import BackupFailed
from shop.application.ports.unit_of_work import DatabaseUnreachable
from shop.domain.user import Role
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.pooler.pgbouncer import (
    HOW_TO_GET_IT,
    PROGRAM,
    ROLES,
    SERVER_CONNECTIONS,
    Pgbouncer,
    add_role_and_database,
    pgbouncer,
)
from tests.adapters.sql.stored_users import add_users, user_names
from tests.concurrency.customers import Admin, Customer
from tests.crash.system import deploy_shop

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(PROGRAM is None, reason=HOW_TO_GET_IT)]

CUSTOMERS, ORDERS = 6, 4
SCHEMA = "sold_here"


@pytest.fixture(scope="module")
def pooler(postgresql_url: str) -> Iterator[Pgbouncer]:
    with pgbouncer(postgresql_url) as running:
        yield running


@pytest.fixture(scope="module")
def roles() -> Iterator[str]:
    return iter(ROLES)


@pytest.fixture
async def url(pooler: Pgbouncer, roles: Iterator[str], postgresql_url: str) -> str:
    """Return the URL, through the pooler, of a new database."""
    name = next(roles)
    await add_role_and_database(postgresql_url, name)
    return pooler.url(name)


@pytest.fixture
async def pooled(url: str, pooler: Pgbouncer, new_database: NewDatabase) -> SqlDatabase:
    database = new_database(url, SCHEMA, is_pooled=True)
    await database.migrate()
    await pooler.reconnect()
    return database


async def test_migration_stores_what_connections_begin_with(
    url: str, pooler: Pgbouncer, new_database: NewDatabase
) -> None:
    database = new_database(url, SCHEMA, is_pooled=True)
    with pytest.raises(DatabaseUnreachable, match="lock_timeout = 0 in the place of 3s"):
        await database.check()

    assert await database.migrate() is None

    # The connections of the pooler are older.
    with pytest.raises(DatabaseUnreachable, match="then RECONNECT on the pooler's console"):
        await database.check()
    await pooler.reconnect()
    await database.check()
    assert await database.migrate() is not None


async def test_units_of_work_share_connections(pooled: SqlDatabase) -> None:
    names = [f"user {number}" for number in range(5 * SERVER_CONNECTIONS)]

    await asyncio.gather(*(add_users(pooled, each) for each in names))
    # The same statements again, which a connection of its own would have prepared.
    found = await asyncio.gather(*(user_names(pooled) for _ in names))

    assert found == [sorted(each.capitalize() for each in names)] * len(names)


async def test_nothing_is_left_on_the_connections_to_the_server(pooled: SqlDatabase) -> None:
    await add_users(pooled, "ada")
    await user_names(pooled)

    async with pooled.guarded.connect() as connection:
        statements = text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
        for _ in range(3 * SERVER_CONNECTIONS):
            assert await connection.scalar(statements) == 0
            assert await connection.scalar(text("SHOW search_path")) == SCHEMA


async def test_pooler_that_the_settings_do_not_name_is_explained(
    url: str, new_database: NewDatabase
) -> None:
    with pytest.raises(DatabaseUnreachable, match="set SHOP_DATABASE_POOLER=transaction"):
        await new_database(url, SCHEMA).check()


async def test_second_shop_of_a_role_changes_nothing_of_the_first(
    pooled: SqlDatabase,
    url: str,
    pooler: Pgbouncer,
    new_database: NewDatabase,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = new_database(url, "sold_there", is_pooled=True)
    with caplog.at_level(logging.WARNING):
        await other.migrate()
    await pooler.reconnect()

    assert "role_defaults_not_set" in caplog.messages
    with pytest.raises(DatabaseUnreachable, match="search_path = sold_here in the place of"):
        await other.check()
    await pooled.check()


async def test_backup_needs_a_connection_of_its_own(url: str) -> None:
    backup = PostgresqlBackup(url, SCHEMA, is_pooled=True)

    with pytest.raises(BackupFailed, match="set SHOP_DATABASE_POOLER=none"):
        async with backup.snapshot():
            pass


async def test_shop_takes_orders_at_the_same_time(
    url: str, pooler: Pgbouncer, postgresql_url: str, tmp_path: Path
) -> None:
    name = url.rpartition("/")[2]
    direct = postgresql_url.replace("postgres@/postgres", f"{name}@/{name}")
    async with deploy_shop(tmp_path, direct) as shop:
        shop.server.settings = {
            **shop.server.settings,
            "SHOP_DATABASE_URL": url,
            "SHOP_DATABASE_POOLER": "transaction",
        }
        migrated = await asyncio.to_thread(shop.server.run, "migrate", "--database", direct)
        assert migrated.returncode == 0, migrated.stderr
        await pooler.reconnect()
        await shop.start(SHOP_SIMULATED_GATEWAY_URL=shop.gateway.url, SHOP_WELCOME_CREDIT="1000000")
        admin = Admin(shop.server.url, shop.connections)
        await admin.sign_up()
        await shop.container.role_service().grant(admin.email, Role.ADMIN)
        await admin.stock("TEA", 1000)
        customers = [Customer(shop.server.url, shop.connections) for _ in range(CUSTOMERS)]
        await asyncio.gather(*(each.sign_up() for each in customers))

        orders = (each.order("TEA") for _ in range(ORDERS) for each in customers)
        answers = await asyncio.gather(*orders)

        assert [each.status_code for each in answers] == [201] * (CUSTOMERS * ORDERS)
        await shop.wait_until_idle()
        await shop.require_clean_audit()
