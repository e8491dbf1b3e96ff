"""What is not portable is recognised, and the wire proxy rejects it."""

import asyncpg
import pytest

from tests.wire.portability import NOT_PORTABLE, find_not_portable
from tests.wire.proxy import wire_proxy

USES = [
    ("advisory lock", "SELECT pg_advisory_xact_lock(1)"),
    ("advisory lock", "SELECT pg_try_advisory_lock($1)"),
    ("LISTEN or NOTIFY", "LISTEN orders"),
    ("LISTEN or NOTIFY", "UNLISTEN *"),
    ("LISTEN or NOTIFY", "BEGIN; NOTIFY orders"),
    ("LISTEN or NOTIFY", "SELECT pg_notify($1, $2)"),
    ("SAVEPOINT", "SAVEPOINT sa_savepoint_1"),
    ("SAVEPOINT", "RELEASE SAVEPOINT sa_savepoint_1"),
    ("SAVEPOINT", "ROLLBACK TO SAVEPOINT sa_savepoint_1"),
    ("sequence", "INSERT INTO orders VALUES (nextval('numbers'))"),
    ("sequence", "SELECT setval('numbers', 1)"),
    ("sequence", "CREATE SEQUENCE numbers"),
    ("temporary table", "CREATE TEMP TABLE wanted (id uuid)"),
    ("temporary table", "CREATE TEMPORARY TABLE wanted (id uuid) ON COMMIT DROP"),
    ("temporary table", "SELECT id INTO TEMP wanted FROM orders"),
    ("session state", "SET enable_seqscan = off"),
    ("session state", "SELECT 1; SET SESSION enable_seqscan = off"),
    ("session state", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"),
    ("session state", "SELECT set_config('enable_seqscan', 'off', false)"),
    ("session state", "SELECT set_config('a', lower('B'), $1)"),
    ("session state", "RESET ALL"),
    ("session state", "DISCARD ALL"),
    ("session state", "PREPARE one AS SELECT 1"),
    ("session state", "DECLARE rows CURSOR WITH HOLD FOR SELECT 1"),
]

PORTABLE = [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "COMMIT",
    "ROLLBACK",
    "SET LOCAL enable_seqscan = on",
    "SET TRANSACTION READ ONLY",
    "SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true)",
    "SELECT lock_token, notified_at, released, set_at FROM jobs FOR UPDATE SKIP LOCKED",
    "UPDATE orders\nSET status = $1 WHERE id = $2",
    "WITH new AS (INSERT INTO orders VALUES ($1) ON CONFLICT DO NOTHING RETURNING id) SELECT 1",
    "SELECT sequence, attempted FROM order_events ORDER BY sequence",
]


@pytest.mark.parametrize(("name", "text"), USES)
def test_use_of_what_is_not_portable_is_found(name: str, text: str) -> None:
    assert find_not_portable(text) == name
    assert find_not_portable(text.lower()) == name


@pytest.mark.parametrize("text", PORTABLE)
def test_portable_statement_is_not_found(text: str) -> None:
    assert find_not_portable(text) is None


def test_each_kind_is_tried() -> None:
    assert {name for name, _ in USES} == set(NOT_PORTABLE)


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "text"), dict(reversed(USES)).items())
async def test_proxy_rejects_what_is_not_portable(
    postgresql_url: str, name: str, text: str
) -> None:
    async with wire_proxy(postgresql_url) as proxy:
        proxy.rejects_not_portable = True
        connection = await asyncpg.connect(proxy.url.replace("+asyncpg", ""))
        try:
            # A connection may begin with its settings.
            await connection.execute("SET enable_seqscan = off; SET enable_hashjoin = off")
            assert await connection.fetchval("SELECT 1") == 1

            for run in (connection.execute, connection.prepare):
                with pytest.raises(asyncpg.FeatureNotSupportedError, match=f"not portable: {name}"):
                    await run(text)

            assert proxy.rejected == [(name, text)] * 2
            async with connection.transaction():
                assert await connection.fetchval("SHOW enable_seqscan") == "off"
        finally:
            await connection.close()
