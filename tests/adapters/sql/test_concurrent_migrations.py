"""Migrations that run at the same time, or that are cut off, leave a whole schema."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, make_url, text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.migration import migrator
from shop.adapters.sql.migration.schema_version import lock_versions
from shop.adapters.sql.schema.tables import SCHEMA_VERSION
from shop.application.ports.database import CurrencyMismatch, IncompatibleSchema, MigrationRequired
from shop.application.ports.unit_of_work import DatabaseFailure, LockTimeout
from shop.domain.shared.money import Currency
from tests.adapters.sql.conftest import NewDatabase, differences
from tests.adapters.sql.older_release import migrate_without_lock
from tests.factories import EUR
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

CHF = Currency("CHF")

KILLED_AT_STATEMENT = """
import asyncio, os, signal, sys
from sqlalchemy import Engine, event
from shop.entrypoints.cli import main
left = int(sys.argv.pop())
def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "before_cursor_execute", count)
event.listen(Engine, "commit", count)
sys.exit(main())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a database of each engine."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def schema() -> str:
    """Return the name of a schema that does not exist."""
    return f"concurrent_{uuid4().hex}"


class TestMigrationsAtTheSameTime:
    async def test_all_find_the_schema_migrated_once(
        self, new_database: NewDatabase, url: str, schema: str
    ) -> None:
        starters = [new_database(url, schema) for _ in range(5)]

        await asyncio.gather(*(each.migrate() for each in starters))

        assert await _versions(starters[0]) == [SCHEMA_VERSION]
        assert await differences(starters[0]) == []
        for each in starters:
            await each.check()

    async def test_all_find_an_older_schema_upgraded_once(
        self, new_database: NewDatabase, postgresql_url: str, schema: str
    ) -> None:
        starters = [new_database(postgresql_url, schema) for _ in range(4)]
        await migrate_without_lock(starters[0], schema, "0003")

        await asyncio.gather(*(each.migrate() for each in starters))

        assert await _versions(starters[0]) == [SCHEMA_VERSION]
        assert await differences(starters[0]) == []

    async def test_one_currency_wins(
        self, new_database: NewDatabase, url: str, schema: str
    ) -> None:
        starters = [new_database(url, schema, currency) for currency in (EUR, CHF) * 2]

        await asyncio.gather(*(each.migrate() for each in starters))

        outcomes = await asyncio.gather(
            *(each.check() for each in starters), return_exceptions=True
        )
        assert sorted(type(each).__name__ for each in outcomes) == [
            CurrencyMismatch.__name__,
            CurrencyMismatch.__name__,
            "NoneType",
            "NoneType",
        ]


def touch(file: str | None) -> None:
    Path(file or "").touch()


class TestAMigrationThatAnotherOneBlocks:
    async def test_waits_and_finds_it_done(
        self, new_database: NewDatabase, postgresql_url: str, schema: str
    ) -> None:
        database, other = new_database(postgresql_url, schema), new_database(postgresql_url, schema)
        await database.migrate()
        async with other.writer.begin() as connection:
            await connection.run_sync(lock_versions)
            waiting = asyncio.create_task(database.migrate())
            await asyncio.sleep(0.5)
            assert not waiting.done()
        await asyncio.wait_for(waiting, TEST_TIMEOUT_SECONDS)

    async def test_reports_each_wait_and_fails_in_the_end(
        self,
        new_database: NewDatabase,
        postgresql_url: str,
        schema: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        database, other = new_database(postgresql_url, schema), new_database(postgresql_url, schema)
        await database.migrate()
        monkeypatch.setattr(migrator, "WAIT_SECONDS", 4)
        async with other.writer.begin() as connection:
            await connection.run_sync(lock_versions)
            with pytest.raises(LockTimeout, match="wait until it ends or stop it, then run"):
                await database.migrate()
        assert caplog.messages == ["migration_waits_for_another_process"]
        await database.migrate()

    async def test_waits_for_a_file_that_another_process_writes(
        self,
        new_database: NewDatabase,
        sqlite_url: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.setattr("shop.adapters.sql.engines.sqlite.BUSY_TIMEOUT_SECONDS", 0.1)
        touch(make_url(sqlite_url).database)
        other, database = new_database(sqlite_url), new_database(sqlite_url)
        async with other.writer.begin() as writing:
            # The first statement takes the lock.
            await writing.execute(text("SELECT 1"))
            waiting = asyncio.create_task(database.migrate())
            await asyncio.sleep(1)
            assert not waiting.done()
        await asyncio.wait_for(waiting, TEST_TIMEOUT_SECONDS)
        await database.check()
        assert set(caplog.messages) == {"migration_waits_for_another_process"}


class TestAMigrationThatIsCutOff:
    @pytest.mark.parametrize("statements", [3, 40, 75, 110])
    async def test_leaves_nothing_and_is_repeated(
        self, new_database: NewDatabase, url: str, schema: str, statements: int
    ) -> None:
        database = new_database(url, schema)
        with _cut_off_after(statements), pytest.raises((ConnectionError, DatabaseFailure)):
            await database.migrate()

        with pytest.raises(MigrationRequired, match="schema version none"):
            await database.check()
        await database.migrate()
        await database.check()
        assert await differences(database) == []

    @pytest.mark.parametrize("statements", [30, 100])
    async def test_by_a_kill_is_repeated(
        self, new_database: NewDatabase, url: str, schema: str, statements: int
    ) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            KILLED_AT_STATEMENT,
            "migrate",
            str(statements),
            env={**os.environ, "SHOP_DATABASE_URL": url, "SHOP_DATABASE_SCHEMA": schema},
        )
        assert await process.wait() == -signal.SIGKILL
        database = new_database(url, schema)

        await database.migrate()

        await database.check()
        assert await differences(database) == []

    @pytest.mark.parametrize("statements", [*range(2, 140, 9)])
    async def test_between_statements_of_an_older_release_is_continued(
        self, new_database: NewDatabase, postgresql_url: str, schema: str, statements: int
    ) -> None:
        database = new_database(postgresql_url, schema)
        with _cut_off_after(statements), pytest.raises((ConnectionError, DatabaseFailure)):
            await migrate_without_lock(database, schema)

        await database.migrate()

        await database.check()
        assert await differences(database) == []


class TestADatabaseWithTwoVersions:
    async def test_is_rebuilt_if_the_shop_is_empty(
        self, new_database: NewDatabase, postgresql_url: str, schema: str
    ) -> None:
        database = new_database(postgresql_url, schema)
        await migrate_without_lock(database, schema, "0003")
        await _execute(
            database,
            # A second process: further, but behind in other tables.
            "INSERT INTO alembic_version VALUES ('0006')",
            "ALTER TABLE payments RENAME gateway_id TO gateway_payment_id",
            "ALTER TABLE movements RENAME TO stock_movements",
        )
        with pytest.raises(MigrationRequired, match="schema version 0003 and 0006, expected"):
            await database.check()

        await database.migrate()

        await database.check()
        assert await _versions(database) == [SCHEMA_VERSION]
        assert await differences(database) == []

    async def test_keeps_its_rows_if_the_newer_version_is_true(
        self, new_database: NewDatabase, postgresql_url: str, schema: str
    ) -> None:
        database = new_database(postgresql_url, schema)
        await database.migrate()
        await _execute(database, _USER, "INSERT INTO alembic_version VALUES ('0002')")

        await database.migrate()

        await database.check()
        assert await _versions(database) == [SCHEMA_VERSION]
        assert await _rows(database, "SELECT name FROM users") == [("Ada",)]

    async def test_is_left_alone_if_its_rows_would_be_lost(
        self, new_database: NewDatabase, postgresql_url: str, schema: str
    ) -> None:
        database = new_database(postgresql_url, schema)
        await database.migrate()
        await _execute(
            database,
            _USER,
            "INSERT INTO alembic_version VALUES ('0002')",
            "ALTER TABLE payments RENAME gateway_payment_id TO gateway_id",
        )

        with pytest.raises(
            IncompatibleSchema, match=f"0002 and {SCHEMA_VERSION}; restore a backup"
        ):
            await database.migrate()

        assert await _versions(database) == ["0002", SCHEMA_VERSION]


_USER = (
    "INSERT INTO users (id, name, email, password_hash, roles, enabled, created_at) VALUES"
    " ('01a22035-0ee8-7636-95cf-371dd750c4b9', 'Ada', 'ada@example.com', '', 'customer', true,"
    " now())"
)


@contextmanager
def _cut_off_after(statements: int) -> Iterator[None]:
    left = statements

    def cut_off(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise ConnectionError("the machine stopped")

    event.listen(Engine, "before_cursor_execute", cut_off)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", cut_off)


async def _versions(database: SqlDatabase) -> list[str]:
    query = "SELECT version_num FROM alembic_version ORDER BY version_num"
    return [str(version) for (version,) in await _rows(database, query)]


async def _rows(database: SqlDatabase, query: str) -> list[tuple[object, ...]]:
    async with database.reader.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def _execute(database: SqlDatabase, *statements: str) -> None:
    async with database.writer.begin() as connection:
        for each in statements:
            await connection.execute(text(each))
