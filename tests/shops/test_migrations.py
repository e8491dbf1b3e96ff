"""All shops of a database are migrated by one command, each by itself."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from tests.adapters.sql.upgrades.loaded_dumps import load_dump
from tests.entrypoints.cli.command_line import CommandLine
from tests.shops.hosted_shop import ask, command_line, new_database

VERSION = "SELECT version_num FROM alembic_version"


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database with shops of several releases, and with tables of another program."""

    url: str
    commands: CommandLine
    old_schema: str

    def version(self, schema: str) -> str:
        version: str = ask(self.url, VERSION, search_path=schema)[0][0]
        return version


@pytest.fixture
def database(tmp_path: Path, postgresql_url: str) -> Database:
    """Return a database in which `birch` sells in dollars, and another shop is older."""
    url = new_database(postgresql_url)
    command_line(tmp_path, url, "birch", SHOP_CURRENCY="USD").output_of("migrate")
    _, old_schema = asyncio.run(load_dump("0008.postgresql", tmp_path, url))
    ask(url, "CREATE SCHEMA reports")
    ask(url, "CREATE TABLE reports.alembic_version AS SELECT 'd0f1' AS version_num")
    return Database(url=url, commands=command_line(tmp_path, url, "public"), old_schema=old_schema)


def test_every_shop_is_migrated_and_keeps_its_currency(database: Database) -> None:
    done = database.commands.output_of("migrate", "--all")

    assert done.splitlines() == [
        f"birch: up to date; its schema version was {SCHEMA_VERSION}",
        f"{database.old_schema}: up to date; its schema version was 0008",
        "Migrated 2 shops.",
    ]
    assert database.version(database.old_schema) == SCHEMA_VERSION
    assert database.version("reports") == "d0f1"
    currencies = ask(database.url, "SELECT DISTINCT currency FROM birch.accounts")
    assert [row[0] for row in currencies] == ["USD"]


def test_a_shop_that_fails_does_not_stop_the_others(database: Database) -> None:
    ask(database.url, "UPDATE birch.alembic_version SET version_num = '0999'")

    done = database.commands.run("migrate", "--all")

    assert done.returncode == 1
    assert done.stdout == f"{database.old_schema}: up to date; its schema version was 0008\n"
    failed, summary = done.stderr.splitlines()
    assert failed.startswith("birch: the database has schema version 0999, but this release knows")
    assert summary == "shop: of 2 shops, 1 could not be migrated: birch"
    assert database.version("birch") == "0999"


def test_a_shop_whose_restore_was_interrupted_is_reported(database: Database) -> None:
    ask(database.url, "CREATE SCHEMA cedar")
    ask(database.url, "CREATE TABLE cedar.alembic_version AS SELECT 'restoring' AS version_num")

    done = database.commands.run("migrate", "--all")

    assert done.returncode == 1
    assert "cedar: the restore of this database has not finished" in done.stderr


def test_a_shop_of_another_role_is_left_to_it(database: Database) -> None:
    role = f"owner_of_{database.old_schema}"
    ask(database.url, f"CREATE ROLE {role}")
    ask(database.url, f"ALTER TABLE birch.alembic_version OWNER TO {role}")
    try:
        done = database.commands.run("migrate", "--all")
    finally:
        ask(database.url, "ALTER TABLE birch.alembic_version OWNER TO postgres")
        ask(database.url, f"DROP ROLE {role}")

    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        f"birch: its tables belong to the role {role}; connect as that role, and run `shop migrate"
        " --schema birch`"
    )
    assert database.version(database.old_schema) == SCHEMA_VERSION


def test_one_schema_is_migrated_by_its_name(database: Database) -> None:
    database.commands.output_of("migrate", "--schema", database.old_schema)

    assert database.version(database.old_schema) == SCHEMA_VERSION
    assert ask(database.url, "SELECT to_regclass('public.orders')")[0][0] is None


@pytest.mark.parametrize("option", [("--all",), ("--schema", "kiln")])
def test_a_file_has_no_schemas(tmp_path: Path, option: tuple[str, ...]) -> None:
    commands = command_line(tmp_path, "sqlite+aiosqlite:///shop.db", "public")

    rejected = commands.complete("migrate", *option)

    assert rejected.code == 2
    assert rejected.error_line == (
        f"shop: {option[0]}: a SQLite file has no schemas, and holds one shop; name a PostgreSQL"
        " database (SHOP_DATABASE_URL or --database)"
    )
    assert not (tmp_path / "shop.db").exists()


def test_all_schemas_or_one_are_migrated(database: Database) -> None:
    rejected = database.commands.complete("migrate", "--all", "--schema", "birch")

    assert rejected.code == 2
    assert "use one of them" in rejected.error_line
    assert database.version(database.old_schema) == "0008"


def test_an_invalid_schema_is_named_by_its_option(database: Database) -> None:
    rejected = database.commands.complete("migrate", "--schema", "Birch")

    assert rejected.code == 2
    assert rejected.error_line.startswith("shop: --schema: must be 1 to 63 lower-case letters")
