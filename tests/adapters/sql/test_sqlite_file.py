"""The watch over a SQLite file, its log, and the writes that show that it can be written."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines import sqlite, write_probe
from shop.adapters.sql.engines.sqlite import SqliteEngines
from shop.adapters.sql.engines.sqlite_file import LOG_LOST, MISSING, SqliteFile
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
)
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, add_users, run_statement, user_names, writing_unit
from tests.factories import account

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(new_database: NewDatabase, tmp_path: Path) -> SqlDatabase:
    database = new_database(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
    await database.migrate()
    return database


async def test_commit_into_a_file_that_was_moved_meanwhile_has_no_known_outcome(
    database: SqlDatabase, tmp_path: Path
) -> None:
    async with writing_unit(database) as uow:
        uow.users.add(ADA)
        uow.accounts.add(account(ADA))
        _move(tmp_path / "shop.db", tmp_path / "away.db")
        with pytest.raises(CommitOutcomeUnknown, match="the database file is missing"):
            await uow.commit()
    with pytest.raises(DatabaseUnavailable, match="the database file is missing"):
        await add_users(database, "bob")

    _move(tmp_path / "away.db", tmp_path / "shop.db")
    assert await user_names(database) == ["Ada"]
    await add_users(database, "bob")


async def test_missing_file_is_not_created_by_a_new_connection(
    database: SqlDatabase, tmp_path: Path
) -> None:
    await database.writer.dispose()
    await database.reader.dispose()
    _move(tmp_path / "shop.db", tmp_path / "away.db")

    for engine in (database.writer, database.reader):
        with pytest.raises(DatabaseUnavailable, match="missing"):
            async with engine.connect():
                pass
    assert not _exists(tmp_path / "shop.db")


def test_closing_a_connection_that_was_rejected_ends_no_watch_over_the_log(
    tmp_path: Path,
) -> None:
    path, log = tmp_path / "shop.db", tmp_path / "shop.db-wal"
    with closing(sqlite3.connect(path)) as opened, closing(sqlite3.connect(path)) as rejected:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("CREATE TABLE orders (id)")
        file = SqliteFile(path)
        file.add_connection(opened)
        _move(path, tmp_path / "away.db")
        with pytest.raises(DatabaseUnavailable, match=MISSING):
            file.add_connection(rejected)
        file.remove_connection(rejected)
        _move(tmp_path / "away.db", path)
        file.require_unchanged()

        _move(log, tmp_path / "away.log")
        with pytest.raises(DatabaseUnavailable, match=LOG_LOST):
            file.require_unchanged()
        assert file.is_open


async def test_read_only_connection_is_replaced(database: SqlDatabase) -> None:
    async with writing_unit(database) as uow:
        await run_statement(uow, "PRAGMA query_only=ON")
        with pytest.raises(DatabaseUnavailable, match="SQLITE_READONLY"):
            await run_statement(uow, "DELETE FROM users")

    await add_users(database, "ada")


async def test_full_file_is_reported_and_changes_nothing(database: SqlDatabase) -> None:
    async with writing_unit(database) as uow:
        # Migrations leave free pages, which the limit would allow to be used.
        await run_statement(uow, "CREATE TABLE filler AS SELECT zeroblob(200000)")
        await run_statement(uow, "PRAGMA max_page_count=1")
        await uow.commit()
    with pytest.raises(DatabaseUnavailable, match="SQLITE_FULL"):
        await add_users(database, *(f"user{number}" for number in range(100)))

    assert await user_names(database) == []


async def test_writing_is_tried_at_most_once_in_the_interval(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in (database.writer, database.reader):
        await engine.dispose()
    writes = 0
    run = SqliteEngines.run_in_transaction

    async def count(engines: SqliteEngines, work: object) -> object:
        nonlocal writes
        writes += 1
        return await run(engines, work)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteEngines, "run_in_transaction", count)
    _forget_commits(database)

    await asyncio.gather(*(database.check_writing() for _ in range(10)))
    await database.check_writing()
    assert writes == 1

    monkeypatch.setattr(write_probe, "INTERVAL_SECONDS", 0)
    await asyncio.sleep(0)
    _end_interval(database)
    await database.check_writing()
    assert writes == 2


async def test_disk_without_space_is_reported(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_probe, "MIN_FREE_BYTES", 2**63)
    _forget_commits(database)

    with pytest.raises(DatabaseUnavailable, match="the disk is full"):
        await database.check_writing()


async def test_log_that_is_always_read_is_ended(
    database: SqlDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOG_LIMIT_BYTES", 100_000)
    monkeypatch.setattr(sqlite, "CHECKPOINT_INTERVAL_SECONDS", 0)
    # The migrations have written a long log.
    await database.close()
    largest = 0
    readers = [asyncio.create_task(_read_forever(database)) for _ in range(2)]
    for number in range(150):
        # A task of its own, as for each group of commands.
        await asyncio.create_task(add_users(database, f"user{number}"))
        largest = max(largest, _size(tmp_path / "shop.db-wal"))
    for each in readers:
        each.cancel()
    await asyncio.gather(*readers, return_exceptions=True)

    assert largest < 1_000_000


async def test_closed_database_leaves_no_log(database: SqlDatabase, tmp_path: Path) -> None:
    await add_users(database, "ada")
    await user_names(database)

    await database.close()

    assert not _exists(tmp_path / "shop.db-wal")


async def _read_forever(database: SqlDatabase) -> None:
    while True:
        async with database.reader.begin() as connection:
            await connection.execute(text("SELECT count(*) FROM users"))


def _forget_commits(database: SqlDatabase) -> None:
    assert database._sqlite is not None
    database._sqlite.file.committed_at = None


def _end_interval(database: SqlDatabase) -> None:
    assert database._write_probe is not None
    database._write_probe._next_attempt = 0


def _move(source: Path, target: Path) -> None:
    source.rename(target)


def _exists(file: Path) -> bool:
    return file.exists()


def _size(file: Path) -> int:
    return file.stat().st_size
