"""The retry table: failures of real databases, and the errors that they become."""

import asyncio
import sqlite3
import traceback
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines import postgresql as postgresql_module
from shop.adapters.sql.engines import sqlite as sqlite_module
from shop.adapters.sql.engines.errors import translating_commit_errors
from shop.adapters.sql.schema.tables import users
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.repositories.idempotency_keys import RequestInProgress, Succeeded
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    ConstraintViolated,
    DatabaseFailure,
    DatabaseUnavailable,
    TransactionConflict,
    TransientFailure,
)
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, add_users, run_statement, user_names, writing_unit
from tests.factories import claim, claim_keys, id_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sqlite(new_database: NewDatabase, sqlite_url: str) -> SqlDatabase:
    database = new_database(sqlite_url)
    await database.migrate()
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> SqlDatabase:
    database: SqlDatabase = request.getfixturevalue(request.param)
    return database


async def test_serialization_conflict_is_transient(postgresql: SqlDatabase) -> None:
    await add_users(postgresql, ADA.name)
    async with writing_unit(postgresql) as uow:
        await run_statement(uow, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await run_statement(uow, "SELECT * FROM users")
        async with writing_unit(postgresql) as other:
            await run_statement(other, "UPDATE users SET name = 'x'")
            await other.commit()
        with pytest.raises(TransientFailure, match="40001"):
            await run_statement(uow, "UPDATE users SET name = 'y'")


async def test_deadlock_victim_is_transient(postgresql: SqlDatabase) -> None:
    await add_users(postgresql, "ada", "bob")

    async def rename(first: str, second: str, both: asyncio.Barrier) -> None:
        async with writing_unit(postgresql) as uow:
            await _rename(uow, first)
            await both.wait()
            await _rename(uow, second)
            await uow.commit()

    both = asyncio.Barrier(2)
    ends = await asyncio.gather(
        rename("ada", "bob", both), rename("bob", "ada", both), return_exceptions=True
    )
    (failure,) = [end for end in ends if end is not None]
    assert isinstance(failure, TransactionConflict)
    assert str(failure) == "conflict 40P01"


@pytest.mark.parametrize(
    ("setting", "state"), [("lock_timeout", "55P03"), ("statement_timeout", "57014")]
)
async def test_lock_timeout_changes_nothing(
    postgresql: SqlDatabase, setting: str, state: str
) -> None:
    await add_users(postgresql, "ada")
    async with writing_unit(postgresql) as holder, writing_unit(postgresql) as waiter:
        await run_statement(holder, "SELECT * FROM users FOR UPDATE")
        await run_statement(waiter, f"SET LOCAL {setting} = '50ms'")
        with pytest.raises(DatabaseUnavailable, match=state):
            await run_statement(waiter, "UPDATE users SET name = 'x'")
    assert await user_names(postgresql) == ["Ada"]


async def test_key_locked_by_another_request_for_too_long_is_reported_in_progress(
    postgresql: SqlDatabase,
) -> None:
    await add_users(postgresql, "ada")
    key = claim(ADA)
    async with writing_unit(postgresql) as first, writing_unit(postgresql) as second:
        await claim_keys(first, [key])
        await run_statement(second, "SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(RequestInProgress):
            await claim_keys(second, [key])
        first.idempotency_keys.complete(key.id, Succeeded(reference=ADA.id))
        await first.commit()
    async with writing_unit(postgresql) as third:
        (known,) = (await claim_keys(third, [key])).values()
    assert known.outcome == Succeeded(reference=ADA.id)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_exhausted_connection_pool_is_unavailable(
    engine: str,
    request: pytest.FixtureRequest,
    new_database: NewDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (sqlite_module, postgresql_module):
        monkeypatch.setattr(module, "POOL_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(postgresql_module, "CONNECTIONS", 1)
    url = request.getfixturevalue(f"{engine}_url")
    database = new_database(url, f"pool_{uuid4().hex}")
    await database.migrate()
    async with writing_unit(database):
        with pytest.raises(DatabaseUnavailable, match="in use"):
            await _enter(database)
    await add_users(database, "ada")


async def test_locked_sqlite_file_is_waited_for(
    sqlite_url: str, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY_TIMEOUT_SECONDS", 0.2)
    database = new_database(sqlite_url)
    await database.migrate()
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable):
        await add_users(database, "eve")
    async with writing_unit(database) as uow:
        # A decision is made on rows that are locked.
        with pytest.raises(DatabaseUnavailable):
            await uow.users.with_emails(["ada@example.com"])
    other.execute("ROLLBACK")
    other.close()
    await add_users(database, "ada")
    assert await user_names(database) == ["Ada"]


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (sqlite3.SQLITE_IOERR_FSYNC, CommitOutcomeUnknown),
        (sqlite3.SQLITE_IOERR, CommitOutcomeUnknown),
        (sqlite3.SQLITE_FULL, DatabaseUnavailable),
        (sqlite3.SQLITE_BUSY, DatabaseUnavailable),
    ],
)
def test_only_a_broken_disk_makes_a_sqlite_commit_unknown(
    code: int, meaning: type[DatabaseFailure]
) -> None:
    error = sqlite3.OperationalError("as it may be")
    error.sqlite_errorcode = code
    with pytest.raises(meaning), translating_commit_errors():
        raise OperationalError("COMMIT", None, error)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE users SET id = (SELECT id FROM users ORDER BY id LIMIT 1)", "pk_users"),
        (
            "UPDATE users SET email = 'ada@example.com'",
            "uq_users_email",
        ),
        (
            "UPDATE accounts SET balance = -1 WHERE kind = 'customer'",
            "ck_accounts_balance_not_below_limit",
        ),
    ],
)
async def test_violation_names_its_constraint_without_values(
    database: SqlDatabase, statement: str, constraint: str
) -> None:
    await add_users(database, "ada", "bob")
    async with writing_unit(database) as uow:
        with pytest.raises(ConstraintViolated) as broken:
            await run_statement(uow, statement)
    assert broken.value.constraint == constraint
    report = "".join(traceback.format_exception(broken.value))
    assert "ada@example.com)" not in report
    assert str(id_of("user ada")) not in report


async def test_missing_value_is_reported_by_its_column_without_values(
    postgresql: SqlDatabase,
) -> None:
    await add_users(postgresql, "ada")
    async with writing_unit(postgresql) as uow:
        with pytest.raises(ConstraintViolated) as broken:
            await run_statement(uow, "UPDATE users SET name = NULL")
    assert str(broken.value) == "name"


async def _enter(database: SqlDatabase) -> None:
    async with writing_unit(database):
        pass


async def _rename(uow: SqlUnitOfWork, name: str) -> None:
    statement = update(users).where(users.c.id == id_of(f"user {name}")).values(name="x")
    await uow._statements.execute(statement)
