"""The migrations lead to the tables, from wherever a database stands."""

from pathlib import Path
from stat import S_IMODE
from uuid import uuid4

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, inspect, make_url, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.migration.schema_version import KNOWN_VERSIONS
from shop.adapters.sql.schema.tables import SCHEMA_VERSION, metadata
from shop.application.ports.database import MigrationRequired
from tests.adapters.sql.conftest import NewDatabase, differences

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, new_database: NewDatabase) -> SqlDatabase:
    """Return a database that has not been migrated."""
    url = request.getfixturevalue(f"{request.param}_url")
    return new_database(url, f"migrations_{uuid4().hex}")


async def test_migrations_create_exactly_the_declared_tables(database: SqlDatabase) -> None:
    await database.migrate()
    assert await differences(database) == []


async def test_check_constraints_have_the_names_of_their_tables(database: SqlDatabase) -> None:
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


async def test_unmigrated_database_is_detected(database: SqlDatabase) -> None:
    with pytest.raises(MigrationRequired):
        await database.check()
    await database.migrate()
    await database.check()


async def test_second_migration_changes_nothing(database: SqlDatabase) -> None:
    await database.migrate()
    before = await _everything(database)
    await database.migrate()
    assert await _everything(database) == before


async def test_new_file_is_private_to_its_owner_and_existing_file_keeps_its_mode(
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


async def test_role_that_owns_only_its_schema_can_migrate(
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


def test_required_version_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "shop.adapters.sql.schema:migrations")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == SCHEMA_VERSION
    assert {each.revision for each in scripts.walk_revisions()} == KNOWN_VERSIONS


def test_every_constraint_and_index_has_a_name() -> None:
    for table in metadata.tables.values():
        for each in (*table.constraints, *table.indexes):
            assert getattr(each, "name", None) is not None, each


def _modes(folder: Path) -> dict[str, int]:
    return {each.name: S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


async def _everything(database: SqlDatabase) -> list[tuple[object, ...]]:
    async with database.reader.connect() as connection:
        return [
            tuple(row)
            for table in metadata.sorted_tables
            for row in await connection.execute(table.select())
        ]
