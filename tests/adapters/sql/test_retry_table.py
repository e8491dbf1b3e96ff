"""The retry table of the protocol, row by row, as real databases fail."""

import asyncio
import sqlite3
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from shop.adapters.sql import database as database_module
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines import postgresql as postgresql_module
from shop.adapters.sql.engines import sqlite as sqlite_module
from shop.adapters.sql.engines.errors import translating_commit_errors
from shop.adapters.sql.engines.postgresql import STATEMENT_TIMEOUT_SECONDS
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
from tests.factories import account, claim, id_of, user
from tests.fault_proxy import Direction, FaultProxy, database_proxy
from tests.timeouts import TEST_TIMEOUT_SECONDS, LoopTime

pytestmark = pytest.mark.anyio

ADA, BOB = user("ada"), user("bob")


@pytest.fixture(scope="module")
def schema() -> str:
    return f"failures_{uuid4().hex}"


@pytest.fixture
async def postgresql(
    new_database: NewDatabase, postgresql_url: str, schema: str
) -> AsyncIterator[SqlDatabase]:
    database = new_database(postgresql_url, schema)
    await database.migrate()
    yield database
    async with database.writer.begin() as connection:
        await connection.execute(text("TRUNCATE users CASCADE"))
    await database.migrate()


@pytest.fixture
async def sqlite(new_database: NewDatabase, sqlite_url: str) -> SqlDatabase:
    database = new_database(sqlite_url)
    await database.migrate()
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> SqlDatabase:
    database: SqlDatabase = request.getfixturevalue(request.param)
    return database


@pytest.fixture
async def proxy(postgresql: SqlDatabase, postgresql_url: str) -> AsyncIterator[FaultProxy]:
    del postgresql  # It has only to be migrated.
    async with database_proxy(postgresql_url) as proxy:
        yield proxy


@pytest.fixture
async def proxied(proxy: FaultProxy, new_database: NewDatabase, schema: str) -> SqlDatabase:
    return new_database(proxy.url, schema)


async def test_serialization_conflict_is_transient(postgresql: SqlDatabase) -> None:
    await _add(postgresql, ADA.name)
    async with _unit(postgresql) as uow:
        await _say(uow, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await _say(uow, "SELECT * FROM users")
        async with _unit(postgresql) as other:
            await _say(other, "UPDATE users SET name = 'x'")
            await other.commit()
        with pytest.raises(TransientFailure, match="40001"):
            await _say(uow, "UPDATE users SET name = 'y'")


async def test_deadlock_victim_is_transient(postgresql: SqlDatabase) -> None:
    await _add(postgresql, "ada", "bob")

    async def rename(first: str, second: str, both: asyncio.Barrier) -> None:
        async with _unit(postgresql) as uow:
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


async def test_terminated_connection_is_replaced(postgresql: SqlDatabase) -> None:
    async with _unit(postgresql) as uow:
        await _terminate(postgresql, await _pid(uow))
        with pytest.raises(TransientFailure, match="connection lost"):
            await _say(uow, "SELECT 1")
    await _add(postgresql, "ada")
    assert await _names(postgresql) == ["Ada"]


async def test_demoted_primary_is_replaced_by_its_successor(postgresql: SqlDatabase) -> None:
    async with _unit(postgresql) as one, _unit(postgresql) as two:
        pids = {await _pid(one), await _pid(two)}
        for each in (one, two):
            await _say(each, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            await each.commit()
    with pytest.raises(TransientFailure, match="25006"):
        await _add(postgresql, "ada")
    async with _unit(postgresql) as one, _unit(postgresql) as two:
        assert not pids & {await _pid(one), await _pid(two)}
    await _add(postgresql, "ada")
    assert await _names(postgresql) == ["Ada"]


async def test_readiness_check_detects_a_read_only_server_and_reconnects(
    postgresql: SqlDatabase,
) -> None:
    async with _unit(postgresql) as uow:
        await _say(uow, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        await uow.commit()
    with pytest.raises(DatabaseUnavailable, match="only be read"):
        await postgresql.check()
    await postgresql.check()
    await _add(postgresql, "ada")
    assert await _names(postgresql) == ["Ada"]


@pytest.mark.parametrize(
    ("setting", "state"), [("lock_timeout", "55P03"), ("statement_timeout", "57014")]
)
async def test_lock_timeout_changes_nothing(
    postgresql: SqlDatabase, setting: str, state: str
) -> None:
    await _add(postgresql, "ada")
    async with _unit(postgresql) as holder, _unit(postgresql) as waiter:
        await _say(holder, "SELECT * FROM users FOR UPDATE")
        await _say(waiter, f"SET LOCAL {setting} = '50ms'")
        with pytest.raises(DatabaseUnavailable, match=state):
            await _say(waiter, "UPDATE users SET name = 'x'")
    assert await _names(postgresql) == ["Ada"]


async def test_key_locked_by_another_request_for_too_long_is_reported_in_progress(
    postgresql: SqlDatabase,
) -> None:
    await _add(postgresql, "ada")
    key = claim(ADA)
    async with _unit(postgresql) as first, _unit(postgresql) as second:
        await first.idempotency_keys.claim([key])
        await _say(second, "SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(RequestInProgress):
            await second.idempotency_keys.claim([key])
        first.idempotency_keys.complete(key.id, Succeeded(reference=ADA.id))
        await first.commit()
    async with _unit(postgresql) as third:
        (known,) = (await third.idempotency_keys.claim([key])).values()
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
    async with _unit(database):
        with pytest.raises(DatabaseUnavailable, match="in use"):
            await _enter(database)
    await _add(database, "ada")


async def test_unreachable_server_is_unavailable(new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database(f"postgresql+asyncpg://postgres@/postgres?host={tmp_path}")
    with pytest.raises(TransientFailure, match="no connection"):
        async with _unit(database) as uow:
            await _say(uow, "SELECT 1")
    for question in (database.check, database.migrate):
        with pytest.raises(DatabaseUnavailable):
            await question()


@pytest.mark.parametrize(
    ("direction", "committed"), [(Direction.REQUEST, []), (Direction.RESPONSE, ["Ada"])]
)
async def test_connection_cut_at_commit_leaves_the_outcome_unknown(
    postgresql: SqlDatabase,
    proxy: FaultProxy,
    proxied: SqlDatabase,
    direction: Direction,
    committed: list[str],
) -> None:
    proxy.add_breakpoint(direction, "COMMIT").reset()
    with pytest.raises(CommitOutcomeUnknown):
        await _add(proxied, "ada")
    assert await _names(postgresql) == committed
    await _add(proxied, "bob")


async def test_server_that_stalls_before_commit_times_out(
    postgresql: SqlDatabase,
    proxy: FaultProxy,
    proxied: SqlDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    insert = proxy.add_breakpoint(Direction.REQUEST, "INSERT INTO users")
    adding = asyncio.create_task(_add(proxied, "ada"))
    await insert.reached()
    await LoopTime(monkeypatch).advance(STATEMENT_TIMEOUT_SECONDS)
    with pytest.raises(DatabaseUnavailable, match="no answer in time"):
        await adding
    await _add(proxied, "bob")
    assert await _names(postgresql) == ["Bob"]


async def test_commit_has_no_timeout(
    proxy: FaultProxy, proxied: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = proxy.add_breakpoint(Direction.REQUEST, "COMMIT")
    adding = asyncio.create_task(_add(proxied, "ada"))
    await commit.reached()
    loop_time = LoopTime(monkeypatch)
    # A timeout would be followed by others, for cancelling the statement and for closing.
    for _ in range(5):
        await loop_time.advance(2 * STATEMENT_TIMEOUT_SECONDS)
        done, _ = await asyncio.wait([adding], timeout=0.1)
        assert not done
    commit.reset()
    with pytest.raises(CommitOutcomeUnknown):
        await adding


async def test_readiness_check_times_out_when_the_server_stalls(
    proxy: FaultProxy, proxied: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CHECK_TIMEOUT_SECONDS", 0.2)
    await _add(proxied, "ada")
    proxy.add_breakpoint(Direction.REQUEST, "version_num")
    with pytest.raises(DatabaseUnavailable, match="no answer"):
        await proxied.check()


async def test_connection_lost_after_commit_does_not_fail_the_unit_of_work(
    postgresql: SqlDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with _unit(postgresql) as uow:
        uow.users.add(ADA)
        uow.accounts.add(account(ADA))
        connection = uow._connection
        assert connection is not None

        async def break_down() -> None:
            monkeypatch.undo()
            raise OSError("the cable is cut")

        monkeypatch.setattr(type(connection), "close", lambda _: break_down())
        await uow.commit()
    assert "the cable is cut" in caplog.text
    assert await _names(postgresql) == ["Ada"]


async def test_locked_sqlite_file_is_waited_for(
    sqlite_url: str, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY_TIMEOUT_SECONDS", 0.2)
    database = new_database(sqlite_url)
    await database.migrate()
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable):
        await _enter(database)
    other.execute("ROLLBACK")
    other.close()
    await _add(database, "ada")
    assert await _names(database) == ["Ada"]


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
    await _add(database, "ada", "bob")
    async with _unit(database) as uow:
        with pytest.raises(ConstraintViolated) as broken:
            await _say(uow, statement)
    assert broken.value.constraint == constraint
    report = "".join(traceback.format_exception(broken.value))
    assert "ada@example.com)" not in report
    assert str(id_of("user ada")) not in report


async def test_missing_value_is_reported_by_its_column_without_values(
    postgresql: SqlDatabase,
) -> None:
    await _add(postgresql, "ada")
    async with _unit(postgresql) as uow:
        with pytest.raises(ConstraintViolated) as broken:
            await _say(uow, "UPDATE users SET name = NULL")
    assert str(broken.value) == "name"


def _unit(database: SqlDatabase) -> SqlUnitOfWork:
    return SqlUnitOfWork(database, writing=True)


async def _enter(database: SqlDatabase) -> None:
    async with _unit(database):
        pass


async def _say(uow: SqlUnitOfWork, statement: str) -> None:
    await uow._statements.execute(text(statement))


async def _rename(uow: SqlUnitOfWork, name: str) -> None:
    statement = update(users).where(users.c.id == id_of(f"user {name}")).values(name="x")
    await uow._statements.execute(statement)


async def _pid(uow: SqlUnitOfWork) -> int:
    (row,) = await uow._statements.fetch_all(text("SELECT pg_backend_pid() AS pid"))
    pid: int = row.pid
    return pid


async def _terminate(database: SqlDatabase, pid: int) -> None:
    milliseconds = TEST_TIMEOUT_SECONDS * 1_000
    async with database.writer.connect() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend({pid}, {milliseconds})"))


async def _add(database: SqlDatabase, *names: str) -> None:
    async with _unit(database) as uow:
        for name in names:
            added = user(name.lower())
            uow.users.add(added)
            uow.accounts.add(account(added))
        await uow.commit()


async def _names(database: SqlDatabase) -> list[str]:
    async with database.reader.connect() as connection:
        return list(await connection.scalars(select(users.c.name).order_by(users.c.name)))
