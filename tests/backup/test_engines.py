"""What the engines do for a backup: pause payments, run programs, and protect what is there."""

import asyncio
import re
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import delete, false, make_url
from sqlalchemy.exc import DBAPIError

from shop.adapters.sql.backup.postgresql_backup import PostgresqlBackup
from shop.adapters.sql.backup.sqlite_backup import SqliteBackup
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.schema.tables import deposits, payments
from shop.application.ports.database_backup import DatabaseBackup
from tests.backup.conftest import Engine
from tests.clock import FakeClock
from tests.entrypoints.cli.command_line import CommandLine
from tests.factories import EUR, NOW

FAKE_VERSION = "#!/bin/sh\necho '{program} (PostgreSQL) 9.6.24'\n"


@pytest.fixture
def postgresql(postgresql_engine: Engine) -> CommandLine:
    """Return a shop with products on PostgreSQL."""
    shop = postgresql_engine.new_shop("shop")
    shop.output_of("migrate")
    shop.output_of("seed", "--products", "3")
    return shop


def test_no_payment_is_stored_while_payments_are_paused(engine: Engine) -> None:
    shop = engine.new_shop("shop")
    shop.output_of("migrate")
    url = shop.settings.get("SHOP_DATABASE_URL", f"sqlite+aiosqlite:///{shop.folder / 'shop.db'}")

    asyncio.run(_write_payments(url, _backup_of(url)))


def _backup_of(url: str) -> DatabaseBackup:
    if url.startswith("sqlite"):
        return SqliteBackup(Path(make_url(url).database or ""))
    return PostgresqlBackup(url, "public")


async def _write_payments(url: str, backup: DatabaseBackup) -> None:
    database = SqlDatabase(
        url, schema="public", secrets=lambda: ["s" * 32], currency=EUR, clock=FakeClock(NOW)
    )
    impatient = "PRAGMA busy_timeout=10" if database.is_embedded else "SET lock_timeout='10ms'"

    async with database.writer.connect() as connection:
        await connection.exec_driver_sql(impatient)
        await connection.commit()
        async with backup.payments_paused():
            for table in (payments, deposits):
                with pytest.raises(DBAPIError):
                    await connection.execute(delete(table).where(false()))
                await connection.rollback()
        for table in (payments, deposits):
            await connection.execute(delete(table).where(false()))
        await connection.commit()
    await database.close()


class TestABackupOfPostgresql:
    def test_needs_pg_dump(self, postgresql: CommandLine) -> None:
        ended = postgresql.with_settings(PATH="/no/such/folder").complete("backup", "backup.tar")

        assert (ended.code, ended.error_line) == (
            1,
            (
                "shop: the program pg_dump was not found; install PostgreSQL's client programs, and"
                " put their folder in PATH"
            ),
        )
        assert not (postgresql.folder / "backup.tar").exists()

    @pytest.mark.parametrize(
        ("program", "command"), [("pg_dump", "backup"), ("pg_restore", "restore")]
    )
    def test_needs_programs_that_are_not_older_than_the_server(
        self, program: str, command: str, postgresql: CommandLine, tmp_path: Path
    ) -> None:
        if command == "restore":
            postgresql.output_of("backup", "backup.tar")
        (tmp_path / program).write_text(FAKE_VERSION.format(program=program))
        (tmp_path / program).chmod(0o755)
        path = f"{tmp_path}:{postgresql.settings['PATH']}"

        ended = postgresql.with_settings(PATH=path).complete(command, "backup.tar")

        assert ended.code == 1
        assert ended.error_line.startswith(
            f"shop: {program} is version 9, older than the server's "
        )
        assert ended.error_line.endswith("and put their folder first in PATH")

    def test_of_an_unmigrated_database_is_not_made(self, postgresql_engine: Engine) -> None:
        shop = postgresql_engine.new_shop("unmigrated")

        ended = shop.complete("backup", "backup.tar")

        assert ended.code == 1
        assert "run `shop migrate`" in ended.error_line
        assert not (shop.folder / "backup.tar").exists()


class TestARestoreOnPostgresql:
    def test_goes_into_another_database(
        self, postgresql: CommandLine, postgresql_engine: Engine
    ) -> None:
        postgresql.output_of("backup", "../backup.tar")
        other = postgresql_engine.new_shop("other")

        restored, *_ = other.output_of("restore", "../backup.tar").splitlines()

        assert restored.endswith(": 0 orders, 0 users, 3 products.")
        assert other.run("audit").returncode == 0
        assert other.output_of("seed", "--products", "3") == (
            "Products: 0 added, 3 already existed.\n"
        )

    def test_needs_the_schema_of_the_backup(self, postgresql: CommandLine) -> None:
        postgresql.output_of("backup", "backup.tar")

        ended = postgresql.with_settings(SHOP_DATABASE_SCHEMA="second").complete(
            "restore", "backup.tar"
        )

        assert (ended.code, ended.error_line) == (
            1,
            (
                "shop: the backup is of the schema public, and SHOP_DATABASE_SCHEMA is second;"
                " restore it into public, and rename that afterwards"
            ),
        )

    def test_is_of_the_schema_of_the_settings_alone(
        self, postgresql: CommandLine, postgresql_engine: Engine
    ) -> None:
        second = postgresql.with_settings(SHOP_DATABASE_SCHEMA="second")
        second.output_of("migrate")
        second.output_of("seed", "--products", "1")
        second.output_of("backup", "../second.tar")
        second.output_of("seed", "--products", "2")

        second.output_of("restore", "../second.tar", "--overwrite")

        assert "1 already" in second.output_of("seed", "--products", "1")
        assert "3 already" in postgresql.output_of("seed", "--products", "3")
        other = postgresql_engine.new_shop("other").with_settings(SHOP_DATABASE_SCHEMA="second")
        other.output_of("restore", "../second.tar")

    def test_never_replaces_tables_of_another_program(
        self, postgresql: CommandLine, postgresql_engine: Engine
    ) -> None:
        postgresql.output_of("backup", "../backup.tar")
        other = postgresql_engine.new_shop("other")
        asyncio.run(_execute(other, "CREATE TABLE notes (text text)"))

        ended = other.complete("restore", "../backup.tar", "--overwrite")

        assert (ended.code, ended.error_line) == (
            1,
            (
                "shop: the schema public has tables of something else than a shop; choose another"
                " with SHOP_DATABASE_SCHEMA"
            ),
        )

    def test_is_rejected_while_a_server_runs(self, postgresql: CommandLine) -> None:
        postgresql.output_of("backup", "backup.tar")
        with postgresql.serving() as server:
            assert server.status("/readyz") == 200

            ended = postgresql.complete("restore", "backup.tar", "--overwrite")

            assert ended.code == 1
            problem = r"the database has (1 connection|\d+ connections) of a shop"
            remedy = "stop all servers and workers first"
            assert re.search(f"{problem}; {remedy}$", ended.error_line)
            assert server.status("/readyz") == 200


async def _execute(shop: CommandLine, statement: str) -> None:
    url = make_url(shop.settings["SHOP_DATABASE_URL"])
    connection = await asyncpg.connect(
        host=url.query["host"], user=url.username, database=url.database
    )
    await connection.execute(statement)
    await connection.close()
