"""The migrations lead to the tables, from wherever a database stands."""

import asyncio
from pathlib import Path
from stat import S_IMODE
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, inspect, make_url, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import SCHEMA_VERSION, idempotency_keys, metadata
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.database import MigrationRequired
from shop.application.ports.repositories.idempotency_keys import Claim, IdempotencyKey, Rejected
from shop.domain.cart import EmptyCart
from shop.domain.inventory import OutOfStock, Shortage
from shop.domain.orders.refund import RefundExceedsPayment
from shop.domain.orders.shipment import ExcessQuantity, QuantityExceedsOrder
from shop.domain.shared.state_machine import IllegalTransition
from tests.factories import NOW, eur, user
from tests.sql.conftest import NewDatabase

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Give a database that has never been migrated."""
    url = request.getfixturevalue(f"{request.param}_url")
    return new_database(url, f"migrations_{uuid4().hex}")


async def test_the_migrations_give_the_tables_and_nothing_else(database: SqlDatabase) -> None:
    await database.migrate()
    assert await _differences(database) == []


async def test_the_checks_bear_the_names_of_the_tables(database: SqlDatabase) -> None:
    def names(connection: Connection) -> set[str | None]:
        found = inspect(connection)
        return {
            check["name"] for name in metadata.tables for check in found.get_check_constraints(name)
        }

    await database.migrate()
    async with database.reader.connect() as connection:
        named = await connection.run_sync(names)
    assert named == {
        str(each.name)
        for table in metadata.tables.values()
        for each in table.constraints
        if isinstance(each, CheckConstraint)
    }


async def test_an_unmigrated_database_is_told_from_a_migrated_one(database: SqlDatabase) -> None:
    with pytest.raises(MigrationRequired):
        await database.check()
    await database.migrate()
    await database.check()


async def test_migrating_twice_is_harmless(database: SqlDatabase) -> None:
    await database.migrate()
    before = await _everything(database)
    await database.migrate()
    assert await _everything(database) == before


async def test_two_that_start_at_once_migrate_one_file_one_after_the_other(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    # `shop serve` does so by itself; PostgreSQL is migrated by its operator alone.
    starters = [new_database(f"sqlite+aiosqlite:///{tmp_path}/shop.db", "public") for _ in "12"]
    await asyncio.gather(*(starter.migrate() for starter in starters))
    for starter in starters:
        await starter.check()
        assert await _differences(starter) == []


async def test_a_file_that_is_made_is_its_owners_alone_and_one_that_is_there_keeps_its_mode(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    there = tmp_path / "there.db"
    there.touch()
    there.chmod(0o640)
    for name in ("made", "there"):
        await new_database(f"sqlite+aiosqlite:///{tmp_path}/{name}.db").migrate()

    assert _modes(tmp_path) == {
        "made.db": 0o600,
        "made.db-wal": 0o600,
        "made.db-shm": 0o600,
        "there.db": 0o640,
        "there.db-wal": 0o640,
        "there.db-shm": 0o640,
    }


@pytest.mark.parametrize("lost", ["sessions", "order_lines"])
async def test_a_migration_that_was_cut_off_can_be_run_again(
    new_database: NewDatabase, postgresql_url: str, lost: str
) -> None:
    database = new_database(postgresql_url, f"half_{uuid4().hex}")
    await database.migrate()
    async with database.writer.begin() as connection:
        await connection.execute(text(f"DROP TABLE {lost}"))
        await connection.execute(text("DELETE FROM alembic_version"))
    with pytest.raises(MigrationRequired):
        await database.check()
    await database.migrate()
    await database.check()
    assert await _differences(database) == []


async def test_stored_rejections_are_given_codes_and_the_new_names_of_their_fields(
    database: SqlDatabase,
) -> None:
    old = {
        "k-out-of-stock": ("OutOfStock", {"lines": [{"sku": "TEA", "wanted": 2, "available": 1}]}),
        "k-too-large": (
            "RefundTooLarge",
            {
                "wanted": {"amount": 7, "currency": "EUR"},
                "left": {"amount": 5, "currency": "EUR"},
            },
        ),
        "k-too-many": ("NotSoManyLeft", {"lines": [{"sku": "TEA", "wanted": 2, "left": 1}]}),
        "k-illegal": ("IllegalTransition", {"before": "paid", "after": "paid"}),
        "k-empty": ("EmptyCart", {}),
    }
    await database.migrate()
    ada = user()
    async with SqlUnitOfWork(database, writing=True) as uow:
        uow.users.add(ada)
        await uow.commit()
    async with database.writer.begin() as connection:
        for key, (error, facts) in old.items():
            row = {
                "user_id": ada.id,
                "key": key,
                "fingerprint": "f",
                "refusal": {"error": error, "facts": facts},
                "created_at": NOW,
            }
            await connection.execute(idempotency_keys.insert().values(row))
        await connection.execute(text("UPDATE alembic_version SET version_num = '0004'"))
    await database.migrate()

    async with SqlUnitOfWork(database, writing=True) as uow:
        claims = [
            Claim(id=IdempotencyKey(user_id=ada.id, key=key), fingerprint="f", created_at=NOW)
            for key in old
        ]
        records = await uow.idempotency_keys.claim(claims)
    assert {id_.key: record.outcome for id_, record in records.items()} == {
        "k-out-of-stock": Rejected(
            error=OutOfStock(lines=(Shortage(sku="TEA", requested=2, available=1),))
        ),
        "k-too-large": Rejected(error=RefundExceedsPayment(requested=eur(7), remaining=eur(5))),
        "k-too-many": Rejected(
            error=QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=2, remaining=1),))
        ),
        "k-illegal": Rejected(error=IllegalTransition(current="paid", target="paid")),
        "k-empty": Rejected(error=EmptyCart()),
    }


async def test_a_role_that_owns_nothing_but_its_schema_can_migrate(
    new_database: NewDatabase, postgresql_url: str
) -> None:
    name = f"tenant_{uuid4().hex}"
    owner = new_database(postgresql_url)
    async with owner.writer.begin() as connection:
        await connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        await connection.execute(text(f"CREATE SCHEMA {name} AUTHORIZATION {name}"))
    url = make_url(postgresql_url).set(username=name).render_as_string(hide_password=False)
    tenant = new_database(url, name)
    async with tenant.writer.connect() as connection:
        may_create = text("SELECT has_database_privilege(current_database(), 'CREATE')")
        assert (await connection.execute(may_create)).scalar_one() is False
    await tenant.migrate()
    await tenant.check()


def test_the_version_that_is_asked_for_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "shop.adapters.sql.schema:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_every_constraint_and_index_has_a_name() -> None:
    for table in metadata.tables.values():
        for each in (*table.constraints, *table.indexes):
            assert getattr(each, "name", None) is not None, each


def _modes(folder: Path) -> dict[str, int]:
    return {each.name: S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


async def _differences(database: SqlDatabase) -> list[object]:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.reader.connect() as connection:
        return await connection.run_sync(compare)


async def _everything(database: SqlDatabase) -> list[tuple[object, ...]]:
    async with database.reader.connect() as connection:
        return [
            tuple(row)
            for table in metadata.sorted_tables
            for row in await connection.execute(table.select())
        ]
