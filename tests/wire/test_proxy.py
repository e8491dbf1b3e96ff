"""The wire proxy sees COMMIT, and does to it what a server, a pooler or a network may do."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from tests.wire.faults import FAULTS, Fault
from tests.wire.proxy import WireProxy, wire_proxy
from tests.wire.requests import Request

pytestmark = pytest.mark.anyio

CLOSED = "08003"

Connect = Callable[[str], Awaitable[asyncpg.Connection]]
Write = Callable[[asyncpg.Connection], Awaitable[object]]


async def in_a_transaction(connection: asyncpg.Connection) -> None:
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO wire_rows VALUES ($1)", 1)
    await connection.execute("COMMIT")


async def in_a_transaction_of_prepared_statements(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        statement = await connection.prepare("UPDATE wire_rows SET n = n WHERE n = $1")
        await statement.fetch(0)
        await connection.execute("INSERT INTO wire_rows VALUES (1)")


async def by_a_statement_that_commits_itself(connection: asyncpg.Connection) -> None:
    statement = await connection.prepare(
        "WITH new AS (INSERT INTO wire_rows VALUES ($1) RETURNING n) SELECT n FROM new"
    )
    await statement.fetch(1)


async def by_a_simple_query(connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO wire_rows VALUES (1)")


WAYS = [
    in_a_transaction,
    in_a_transaction_of_prepared_statements,
    by_a_statement_that_commits_itself,
    by_a_simple_query,
]


@pytest.fixture
async def proxy(postgresql_url: str) -> AsyncIterator[WireProxy]:
    async with wire_proxy(postgresql_url) as proxy:
        yield proxy


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    connections: list[asyncpg.Connection] = []

    async def connect(url: str) -> asyncpg.Connection:
        connections.append(await asyncpg.connect(url.replace("+asyncpg", "")))
        return connections[-1]

    yield connect
    for each in connections:
        await each.close()


@pytest.fixture
async def direct(connect: Connect, postgresql_url: str) -> asyncpg.Connection:
    return await connect(postgresql_url)


@pytest.fixture(autouse=True)
async def empty_table(direct: asyncpg.Connection) -> None:
    await direct.execute("DROP TABLE IF EXISTS wire_rows; CREATE TABLE wire_rows (n integer)")


async def rows(connection: asyncpg.Connection) -> int:
    number: int = await connection.fetchval("SELECT count(*) FROM wire_rows")
    return number


def first_only(fault: Fault) -> Callable[[Request], Fault | None]:
    faults = [fault]
    return lambda _: faults.pop() if faults else None


@pytest.mark.parametrize("write", WAYS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_fault_at_commit_reaches_client_and_server(
    proxy: WireProxy,
    connect: Connect,
    direct: asyncpg.Connection,
    fault: Fault,
    write: Write,
) -> None:
    connection = await connect(proxy.url)
    proxy.choose_fault = first_only(fault)

    if fault.sqlstate is not None:
        with pytest.raises(asyncpg.PostgresError) as raised:
            await write(connection)
        # The driver says of each connection that ends within a request that it was closed.
        assert raised.value.sqlstate == (CLOSED if fault.is_cut else fault.sqlstate)
    elif fault.is_cut:
        with pytest.raises((asyncpg.ConnectionDoesNotExistError, asyncpg.InterfaceError, OSError)):
            await write(connection)
    else:
        await write(connection)

    assert await rows(direct) == fault.is_done
    assert proxy.commits == fault.is_done
    if not fault.is_cut:
        # The connection goes on as if the server had said it.
        assert not connection.is_in_transaction()
        await write(connection)
        assert await rows(direct) == fault.is_done + 1


@pytest.mark.parametrize("write", WAYS)
async def test_undisturbed_request_that_commits_is_counted(
    proxy: WireProxy, connect: Connect, write: Write
) -> None:
    connection = await connect(proxy.url)

    await write(connection)

    assert (proxy.commits, await rows(connection)) == (1, 1)


async def test_what_does_not_commit_a_write_is_not_disturbed(
    proxy: WireProxy, connect: Connect
) -> None:
    connection = await connect(proxy.url)
    proxy.choose_fault = lambda _: FAULTS["cut before COMMIT"]

    await rows(connection)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await rows(connection)
    async with connection.transaction():
        await connection.fetch("SELECT n FROM wire_rows FOR UPDATE")
    change = connection.transaction()
    await change.start()
    await connection.execute("DELETE FROM wire_rows")
    await change.rollback()

    assert proxy.commits == 0


async def test_new_connections_fail_as_often_as_asked(proxy: WireProxy, connect: Connect) -> None:
    before = await connect(proxy.url)
    proxy.rejected_connections = 2

    with pytest.raises(asyncpg.CannotConnectNowError):
        await connect(proxy.url)
    with pytest.raises((OSError, asyncpg.ConnectionDoesNotExistError)):
        await connect(proxy.url)

    assert await before.fetchval("SELECT 1") == 1
    assert await (await connect(proxy.url)).fetchval("SELECT 1") == 1
