"""A database that a newer release has migrated is reported, and never changed."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.database import IncompatibleSchema
from shop.application.ports.unit_of_work import ConstraintViolated, DatabaseUnavailable
from tests.adapters.sql.conftest import NewDatabase
from tests.factories import product

pytestmark = pytest.mark.anyio

NEWER = "0099"
MESSAGE = (
    f"the database has schema version {NEWER}, but this release knows none after {SCHEMA_VERSION};"
    " run the newer release, or restore a backup from before the upgrade"
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Return a database that was migrated further after this release had opened it."""
    url = request.getfixturevalue(f"{request.param}_url")
    database = new_database(url, f"newer_{uuid4().hex}")
    await database.migrate()
    await database.check()
    await _execute(database, "UPDATE alembic_version SET version_num = '0099'")
    return database


async def test_newer_schema_is_reported_and_not_migrated(database: SqlDatabase) -> None:
    for act in (database.check, database.migrate):
        with pytest.raises(IncompatibleSchema) as error:
            await act()
        assert str(error.value) == MESSAGE
    async with database.reader.connect() as connection:
        stored = await connection.execute(text("SELECT version_num FROM alembic_version"))
        assert stored.scalars().all() == [NEWER]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE products RENAME COLUMN image_url TO picture_url",
        "ALTER TABLE products RENAME TO articles",
        "ALTER TABLE products ADD COLUMN weight bigint NOT NULL DEFAULT 0 CHECK (weight > 0)",
    ],
)
async def test_statement_that_does_not_fit_the_newer_schema_says_so(
    database: SqlDatabase, change: str
) -> None:
    await _execute(database, change)

    with pytest.raises(DatabaseUnavailable) as error:
        await _add_product(database)
    assert str(error.value) == MESSAGE


async def test_violated_constraint_of_the_own_schema_stays_a_bug(
    new_database: NewDatabase, sqlite_url: str
) -> None:
    database = new_database(sqlite_url)
    await database.migrate()
    await _execute(
        database,
        "ALTER TABLE products ADD COLUMN weight bigint NOT NULL DEFAULT 0 CHECK (weight > 0)",
    )

    with pytest.raises(ConstraintViolated):
        await _add_product(database)


async def _add_product(database: SqlDatabase) -> None:
    async with SqlUnitOfWork(database, writing=True) as uow:
        uow.products.add(product())
        await uow.commit()


async def _execute(database: SqlDatabase, *statements: str) -> None:
    async with database.writer.begin() as connection:
        for each in statements:
            await connection.execute(text(each))
