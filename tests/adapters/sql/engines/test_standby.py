"""A commit that waits for a standby is never taken for one that the standby has.

The server waits for a standby that never comes. To PostgreSQL, a commit whose wait is cancelled has
succeeded, with a warning: everyone can read it, and it is lost with this server.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from shop.adapters.sql.database import SqlDatabase
from shop.adapters.sql.engines import postgresql_connection
from shop.adapters.sql.guarded.unit_of_work import GuardedSqlUnitOfWork
from shop.adapters.sql.statements import commit_probe
from shop.adapters.sql.unit_of_work import SqlUnitOfWork
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, DatabaseUnavailable
from shop.domain.shared.idempotency_key import IdempotencyKey
from tests.adapters.sql.conftest import NewDatabase
from tests.adapters.sql.stored_users import ADA, add_users, user_names
from tests.factories import NOW
from tests.fire.postgresql_server import KillableServer, killable_server
from tests.servers import POLL_INTERVAL_SECONDS
from tests.timeouts import TEST_TIMEOUT_SECONDS

pytestmark = pytest.mark.anyio

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Primary:
    """A server whose standby is there, or is gone."""

    def __init__(self, server: KillableServer, connection: asyncpg.Connection) -> None:
        self._server = server
        self._connection = connection

    def lose_standby(self) -> None:
        self._set("missing")

    def find_standby(self) -> None:
        self._set("")

    def _set(self, names: str) -> None:
        self._server.run(
            f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()"
        )

    async def waiting(self) -> int:
        """Wait until a commit waits for the standby, and return the id of its process."""
        async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
            while (pid := await self._connection.fetchval(WAITING)) is None:  # noqa: ASYNC110  It becomes so.
                await asyncio.sleep(POLL_INTERVAL_SECONDS)
        return int(pid)

    async def end(self, function: str, pid: int) -> None:
        """Cancel or terminate a process."""
        assert await self._connection.fetchval(f"SELECT {function}($1)", pid)


@pytest.fixture(scope="module")
def server() -> Iterator[KillableServer]:
    with killable_server() as server:
        yield server


@pytest.fixture
async def database(server: KillableServer, new_database: NewDatabase) -> AsyncIterator[SqlDatabase]:
    database = new_database(server.url)
    await database.migrate()
    yield database
    server.run("TRUNCATE users CASCADE")


@pytest.fixture
async def primary(server: KillableServer, database: SqlDatabase) -> AsyncIterator[Primary]:
    del database  # It is migrated while commits do not wait.
    connection = await asyncpg.connect(server.url.replace("+asyncpg", ""))
    primary = Primary(server, connection)
    try:
        yield primary
    finally:
        primary.find_standby()
        await connection.close()


@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_commit_whose_wait_is_ended_has_an_unknown_outcome(
    primary: Primary, database: SqlDatabase, function: str
) -> None:
    primary.lose_standby()
    adding = asyncio.create_task(add_users(database, "ada"))

    await primary.end(function, await primary.waiting())

    with pytest.raises(CommitOutcomeUnknown):
        await adding
    # So it is in PostgreSQL, and why success would be wrong.
    assert await user_names(database) == ["Ada"]


async def test_statement_that_commits_itself_has_an_unknown_outcome_too(
    primary: Primary, database: SqlDatabase
) -> None:
    async with database.guarded.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, postgresql_connection.PostgresqlConnection)
        primary.lose_standby()
        touch = "UPDATE alembic_version SET version_num = version_num WHERE $1 RETURNING 1"
        writing = asyncio.create_task(driver.fetch_prepared(touch, [True], commits=True))

        await primary.end("pg_cancel_backend", await primary.waiting())

        with pytest.raises(asyncpg.StatementCompletionUnknownError, match="stopped waiting"):
            await writing


async def test_commit_that_waits_for_too_long_goes_on_waiting_at_the_server(
    primary: Primary, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_connection, "COMMIT_TIMEOUT_SECONDS", 0.3)
    primary.lose_standby()

    with pytest.raises(CommitOutcomeUnknown):
        await add_users(database, "ada")

    await primary.waiting()
    assert await user_names(database) == []
    primary.find_standby()
    await _wait_for_users(database, "Ada")


async def test_commit_whose_caller_is_cancelled_goes_on_waiting_at_the_server(
    primary: Primary, database: SqlDatabase
) -> None:
    primary.lose_standby()
    adding = asyncio.create_task(add_users(database, "ada"))
    await primary.waiting()

    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding

    # A cancelled wait would have ended by then.
    await asyncio.sleep(0.3)
    await primary.waiting()
    assert await user_names(database) == []
    primary.find_standby()
    await _wait_for_users(database, "Ada")


@pytest.mark.parametrize("kind", [SqlUnitOfWork, GuardedSqlUnitOfWork])
async def test_repeated_answer_waits_for_the_standby_as_the_first_did(
    primary: Primary, database: SqlDatabase, kind: type[SqlUnitOfWork]
) -> None:
    """Its key can be read here, and the standby may lack it."""
    await add_users(database, "ada")
    key = IdempotencyKey(user_id=ADA.id, value="a-key-that-is-used")

    async def claim() -> None:
        async with kind(database, writing=True) as uow:
            await uow.read_ahead([])
            await uow.idempotency_keys.claim({key: "fingerprint"}, NOW)
            uow.idempotency_keys.complete(key, Succeeded(reference=ADA.id))
            await uow.commit()

    async def repeat() -> None:
        async with kind(database, writing=True) as uow:
            await uow.read_ahead([])
            assert await uow.idempotency_keys.claim({key: "fingerprint"}, NOW) != {}
            await uow.commit()

    await claim()
    await repeat()
    primary.lose_standby()
    repeating = asyncio.create_task(repeat())
    await primary.waiting()
    assert not repeating.done()
    primary.find_standby()
    await repeating


async def test_shop_without_its_standby_is_not_ready(
    primary: Primary, database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_probe, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(commit_probe, "INTERVAL_SECONDS", 0)
    await database.check_writing()

    primary.lose_standby()
    # Readers and the check of the schema go on.
    await database.check()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match="a standby that commits wait for may be"):
            await database.check_writing()

    primary.find_standby()
    await database.check_writing()


async def _wait_for_users(database: SqlDatabase, *names: str) -> None:
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        while await user_names(database) != list(names):  # noqa: ASYNC110  It becomes so.
            await asyncio.sleep(POLL_INTERVAL_SECONDS)
