"""Connections that are lost, cut or silent, and servers that cannot be written."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from shop.adapters.sql import database as database_module
from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines.postgresql_connection import (
    COMMIT_TIMEOUT_SECONDS,
    STATEMENT_TIMEOUT_SECONDS,
)
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.unit_of_work import (
    CommitOutcomeUnknown,
    DatabaseUnavailable,
    TransientFailure,
)
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, add_users, run_statement, user_names, writing_unit
from tests.factories import account
from tests.fault_proxy import Direction, FaultProxy, database_proxy
from tests.timeouts import TEST_TIMEOUT_SECONDS, LoopTime

pytestmark = pytest.mark.anyio


@pytest.fixture
async def proxy(postgresql: SqlDatabase, postgresql_url: str) -> AsyncIterator[FaultProxy]:
    del postgresql  # It has only to be migrated.
    async with database_proxy(postgresql_url) as proxy:
        yield proxy


@pytest.fixture
async def proxied(proxy: FaultProxy, new_database: NewDatabase, schema: str) -> SqlDatabase:
    return new_database(proxy.url, schema)


async def test_terminated_connection_is_replaced(postgresql: SqlDatabase) -> None:
    async with writing_unit(postgresql) as uow:
        await _terminate(postgresql, await _pid(uow))
        with pytest.raises(TransientFailure, match="connection lost"):
            await run_statement(uow, "SELECT 1")
    await add_users(postgresql, "ada")
    assert await user_names(postgresql) == ["Ada"]


async def test_demoted_primary_is_replaced_by_its_successor(postgresql: SqlDatabase) -> None:
    async with writing_unit(postgresql) as one, writing_unit(postgresql) as two:
        pids = {await _pid(one), await _pid(two)}
        for each in (one, two):
            await run_statement(each, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            await each.commit()
    with pytest.raises(TransientFailure, match="25006"):
        await add_users(postgresql, "ada")
    async with writing_unit(postgresql) as one, writing_unit(postgresql) as two:
        assert not pids & {await _pid(one), await _pid(two)}
    await add_users(postgresql, "ada")
    assert await user_names(postgresql) == ["Ada"]


async def test_readiness_check_detects_a_read_only_server_and_reconnects(
    postgresql: SqlDatabase,
) -> None:
    async with writing_unit(postgresql) as uow:
        await run_statement(uow, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        await uow.commit()
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        await postgresql.check()
    await postgresql.check()
    await add_users(postgresql, "ada")
    assert await user_names(postgresql) == ["Ada"]


async def test_unreachable_server_is_unavailable(new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database(f"postgresql+asyncpg://postgres@/postgres?host={tmp_path}")
    with pytest.raises(TransientFailure, match="no connection"):
        async with writing_unit(database) as uow:
            await run_statement(uow, "SELECT 1")
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
        await add_users(proxied, "ada")
    assert await user_names(postgresql) == committed
    await add_users(proxied, "bob")


async def test_server_that_stalls_before_commit_times_out(
    postgresql: SqlDatabase,
    proxy: FaultProxy,
    proxied: SqlDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    insert = proxy.add_breakpoint(Direction.REQUEST, "INSERT INTO users")
    adding = asyncio.create_task(add_users(proxied, "ada"))
    await insert.reached()
    await LoopTime(monkeypatch).advance(STATEMENT_TIMEOUT_SECONDS)
    with pytest.raises(DatabaseUnavailable, match="no answer in time"):
        await adding
    await add_users(proxied, "bob")
    assert await user_names(postgresql) == ["Bob"]


async def test_commit_without_an_answer_loses_its_connection_and_is_not_cancelled(
    postgresql: SqlDatabase,
    proxy: FaultProxy,
    proxied: SqlDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = proxy.add_breakpoint(Direction.RESPONSE, "COMMIT")
    adding = asyncio.create_task(add_users(proxied, "ada"))
    await commit.reached()
    loop_time = LoopTime(monkeypatch)
    await loop_time.advance(COMMIT_TIMEOUT_SECONDS - 1)
    done, _ = await asyncio.wait([adding], timeout=0.1)
    assert not done
    await loop_time.advance(1)
    with pytest.raises(CommitOutcomeUnknown):
        await adding
    assert await user_names(postgresql) == ["Ada"]


async def test_readiness_check_times_out_when_the_server_stalls(
    proxy: FaultProxy, proxied: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CHECK_TIMEOUT_SECONDS", 0.2)
    await add_users(proxied, "ada")
    proxy.add_breakpoint(Direction.REQUEST, "version_num")
    with pytest.raises(DatabaseUnavailable, match="no answer"):
        await proxied.check()


async def test_connection_lost_after_commit_does_not_fail_the_unit_of_work(
    postgresql: SqlDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with writing_unit(postgresql) as uow:
        uow.users.add(ADA)
        uow.accounts.add(account(ADA))
        connection = uow._connection
        assert connection is not None

        async def break_down() -> None:
            monkeypatch.undo()
            raise OSError("the cable is cut")

        monkeypatch.setattr(type(connection), "close", lambda _: break_down())
        await uow.commit()
    events = [(each.getMessage(), vars(each)["error"]) for each in caplog.records]
    assert events == [("database_connection_lost", "the cable is cut")]
    assert await user_names(postgresql) == ["Ada"]


async def _pid(uow: SqlUnitOfWork) -> int:
    (row,) = await uow._statements.fetch_all(text("SELECT pg_backend_pid() AS pid"))
    pid: int = row.pid
    return pid


async def _terminate(database: SqlDatabase, pid: int) -> None:
    milliseconds = TEST_TIMEOUT_SECONDS * 1_000
    async with database.writer.connect() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend({pid}, {milliseconds})"))
