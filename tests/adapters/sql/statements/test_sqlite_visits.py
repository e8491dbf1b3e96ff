"""How often a unit of work visits the thread of its connection, and what a visit leaves behind."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines.sqlite_driver import DriverConnection
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, add_users, user_names, writing_unit
from tests.factories import EUR, eur, user

pytestmark = pytest.mark.anyio

UNKNOWN = sqlite3.SQLITE_IOERR_FSYNC
NOT_WRITTEN = sqlite3.SQLITE_FULL


@pytest.fixture
async def database(new_database: NewDatabase, sqlite_url: str) -> SqlDatabase:
    created = new_database(sqlite_url)
    await created.migrate()
    await add_users(created, "ada")
    return created


async def test_the_first_question_begins_and_locks(
    database: SqlDatabase, visits: list[object], tmp_path: Path
) -> None:
    async with writing_unit(database) as uow:
        assert (visits, _is_locked(tmp_path)) == ([], False)
        assert await uow.users.lock([ADA.id]) == {ADA.id: ADA}
        assert (len(visits), _is_locked(tmp_path)) == (1, True)
    # The visit that rolls back.
    assert (len(visits), _is_locked(tmp_path)) == (2, False)


async def test_commit_is_one_visit_with_all_writes(
    database: SqlDatabase, visits: list[object], tmp_path: Path
) -> None:
    async with writing_unit(database) as uow:
        await uow.users.lock([ADA.id])
        (account,) = (await uow.accounts.lock_for_users([ADA.id], EUR)).values()
        uow.users.save(user("ada", name="Countess"))
        uow.accounts.save(account.deposit(eur(5)))
        visits.clear()
        await uow.commit()
        assert (len(visits), _is_locked(tmp_path)) == (1, False)
    assert len(visits) == 1
    assert await user_names(database) == ["Countess"]


async def test_reading_ahead_is_one_statement_for_all_tables(
    database: SqlDatabase, visits: list[object]
) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.writer.sync_engine, "before_cursor_execute", note)
    async with writing_unit(database) as uow:
        await uow.read_ahead([RowsWanted(emails=[ADA.email], has_account=True)])
        assert await uow.users.with_emails([ADA.email]) == {ADA.email: ADA}
        assert list(await uow.accounts.lock_for_users([ADA.id], EUR)) == [ADA.id]
        assert len(visits) == 1
    begin, reading = statements
    assert (begin, reading.count("SELECT json_group_array")) == ("BEGIN IMMEDIATE", 2)


async def test_nothing_is_visited_without_a_question(
    database: SqlDatabase, visits: list[object]
) -> None:
    assert await user_names(database) == ["Ada"]
    visits.clear()
    async with writing_unit(database), SqlUnitOfWork(database, writing=False):
        pass
    assert visits == []


async def test_cancelled_visit_is_rolled_back(database: SqlDatabase, tmp_path: Path) -> None:
    lock = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    async def wait_for_the_lock() -> None:
        async with writing_unit(database) as uow:
            await uow.users.lock([ADA.id])

    waiting = asyncio.create_task(wait_for_the_lock())
    await asyncio.sleep(0.1)
    waiting.cancel()
    await asyncio.sleep(0)
    lock.execute("ROLLBACK")
    lock.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not _is_locked(tmp_path)
    await add_users(database, "bob")


@pytest.mark.parametrize(
    ("code", "meaning"), [(UNKNOWN, CommitOutcomeUnknown), (NOT_WRITTEN, DatabaseUnavailable)]
)
async def test_failed_commit_is_unknown_only_if_the_disk_is_broken(
    database: SqlDatabase,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    meaning: type[Exception],
) -> None:
    _make_fail(monkeypatch, "COMMIT", code)
    with pytest.raises(meaning, match="at COMMIT"):
        await add_users(database, "bob")
    monkeypatch.undo()
    assert await user_names(database) == ["Ada"]
    await add_users(database, "eve")


async def test_failed_write_leaves_nothing_and_is_not_unknown(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_fail(monkeypatch, "INSERT INTO accounts", UNKNOWN)
    with pytest.raises(DatabaseUnavailable):
        await add_users(database, "bob")
    monkeypatch.undo()
    assert await user_names(database) == ["Ada"]


async def test_statement_after_a_begin_that_failed_begins(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _make_fail(monkeypatch, "BEGIN IMMEDIATE", sqlite3.SQLITE_BUSY)
    async with writing_unit(database) as uow:
        with pytest.raises(DatabaseUnavailable):
            await uow.users.get_many([ADA.id])
        monkeypatch.undo()
        await uow.users.get_many([ADA.id])
        assert _is_locked(tmp_path)
    assert not _is_locked(tmp_path)


def _is_locked(folder: Path) -> bool:
    other = sqlite3.connect(folder / "shop.db", isolation_level=None, timeout=0)
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return True
    finally:
        other.close()
    return False


def _make_fail(monkeypatch: pytest.MonkeyPatch, statement: str, code: int) -> None:
    """Let a statement of the connections fail as on a broken or full disk."""

    class Failing:
        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection

        def execute(self, text: str, *parameters: Any) -> sqlite3.Cursor:  # noqa: ANN401  SQLite's.
            if text.startswith(statement):
                error = sqlite3.OperationalError("it failed")
                error.sqlite_errorcode = code
                raise error
            return self._connection.execute(text, *parameters)

        def __getattr__(self, name: str) -> Any:  # noqa: ANN401  Whatever the connection has.
            return getattr(self._connection, name)

    def failing(connection: DriverConnection) -> Failing:
        assert connection._connection is not None
        return Failing(connection._connection)

    monkeypatch.setattr(DriverConnection, "_conn", property(failing))
