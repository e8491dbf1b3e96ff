"""The simulated gateway's file: durability, sharing between processes, and expiring keys."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from shop.adapters.simulated_gateway.operations import Operation, authorise
from shop.adapters.simulated_gateway.payment_gateway import PAGE_SIZE, InProcessPaymentGateway
from shop.adapters.simulated_gateway.records import GatewayRecords
from shop.adapters.simulated_gateway.responses import SimulatedResponse
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.adapters.system.clock import SystemClock
from shop.application.ports.payment_gateway import (
    Approved,
    GatewayOutcomeUnknown,
)
from shop.application.ports.unit_of_work import DatabaseUnavailable
from tests.adapters.simulated_gateway.stored_payments import DAY, all_calls, store_in
from tests.clock import FakeClock
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.factories import NOW, eur, id_of
from tests.timeouts import TEST_TIMEOUT_SECONDS

T = TypeVar("T")

pytestmark = pytest.mark.anyio

PROCESSES = 4
KEYS = 25

ROOT = Path(__file__).parents[3]

WORK = """
import asyncio, sys
from pathlib import Path
from shop.adapters.simulated_gateway.operations import authorise
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.adapters.system.clock import SystemClock
from tests.contract.payment_gateway.gateway_under_test import authorisation_request

async def work() -> None:
    store = SqlitePaymentStore(
        Path(sys.argv[1]), clock=SystemClock(), idempotency_seconds=3600)
    requests = [authorisation_request(str(n), "tok_visa") for n in range(int(sys.argv[2]))]
    for result in await asyncio.gather(*(store.run(authorise(each)) for each in requests)):
        print(result.payment_id)
    await store.close()

asyncio.run(work())
"""


def modes_in(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


async def test_several_processes_share_one_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"

    answered = await asyncio.gather(*(_work_elsewhere(file) for _ in range(PROCESSES)))

    payment_store = store_in(tmp_path, SystemClock())
    calls = await all_calls(payment_store)
    assert len(calls) == KEYS
    assert set(calls.values()) == {PROCESSES}
    # They answered the same to the same keys.
    assert {tuple(ids) for ids in answered} == {answered[0]}
    assert sorted(answered[0]) == sorted(calls)
    await payment_store.close()


async def _work_elsewhere(file: Path) -> tuple[str, ...]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORK, str(file), str(KEYS), cwd=ROOT, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return tuple(output.decode().split())


async def test_file_is_accessible_to_its_owner_only(
    payment_store: SqlitePaymentStore, tmp_path: Path
) -> None:
    await payment_store.open()

    modes = modes_in(tmp_path)

    assert modes == dict.fromkeys(["gateway.db", "gateway.db-shm", "gateway.db-wal"], 0o600)


async def test_reading_creates_no_file(payment_store: SqlitePaymentStore, tmp_path: Path) -> None:
    assert await all_calls(payment_store) == {}
    assert await payment_store.payment("pay_none") is None
    assert await payment_store.with_reference(id_of("order")) == ()

    assert modes_in(tmp_path) == {}


async def test_every_commit_is_synced_to_disk(payment_store: SqlitePaymentStore) -> None:
    await payment_store.open()

    with closing(sqlite3.connect(payment_store._file)) as other:
        assert other.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    full = 2
    async with payment_store._engines.writer.connect() as connection:
        synchronous = await connection.exec_driver_sql("PRAGMA synchronous")
        assert synchronous.scalars().all() == [full]


async def test_failed_operation_does_not_affect_its_batch(
    payment_store: SqlitePaymentStore,
) -> None:
    def fail(_: GatewayRecords, __: datetime) -> SimulatedResponse:
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        payment_store.run(authorise(authorisation_request("1", "tok_visa"))),
        payment_store.run(Operation(run=fail)),
        payment_store.run(authorise(authorisation_request("2", "tok_visa"))),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [Approved, ZeroDivisionError, Approved]
    assert list((await all_calls(payment_store)).values()) == [1, 1]


class TestACancelledCaller:
    async def test_leaves_the_queue_and_blocks_no_other_caller(
        self, payment_store: SqlitePaymentStore
    ) -> None:
        await payment_store.open()
        gone = asyncio.create_task(
            payment_store.run(authorise(authorisation_request("1", "tok_visa")))
        )
        stays = asyncio.create_task(
            payment_store.run(authorise(authorisation_request("2", "tok_visa")))
        )
        await asyncio.sleep(0)
        gone.cancel()

        assert isinstance(await stays, Approved)
        assert list((await all_calls(payment_store)).values()) == [1]

    async def test_does_not_stop_an_operation_that_has_begun(
        self, payment_store: SqlitePaymentStore
    ) -> None:
        has_begun = asyncio.Event()
        request = authorise(authorisation_request("1", "tok_visa"))

        def begin(records: GatewayRecords, now: datetime) -> SimulatedResponse:
            has_begun.set()
            response = request.run(records, now)
            assert isinstance(response, Approved)
            return response

        gone = asyncio.create_task(payment_store.run(replace(request, run=begin)))
        await has_begun.wait()
        gone.cancel()
        stays = await payment_store.run(authorise(authorisation_request("2", "tok_visa")))

        assert isinstance(stays, Approved)
        # The operation is carried out all the same.
        assert list((await all_calls(payment_store)).values()) == [1, 1]
        assert gone.cancelled()


async def test_concurrent_operations_are_written_together(
    payment_store: SqlitePaymentStore,
) -> None:
    await payment_store.open()
    commits = 0

    def count(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    await payment_store._engines.run_in_transaction(
        lambda connection: connection.set_trace_callback(count)
    )
    await asyncio.gather(
        *(
            payment_store.run(authorise(authorisation_request(str(n), "tok_visa")))
            for n in range(100)
        )
    )

    assert len(await all_calls(payment_store)) == 100
    assert 0 < commits < 50


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE orders (id INTEGER)", "PRAGMA user_version=17"]
)
async def test_file_of_another_program_is_left_unchanged(
    payment_store: SqlitePaymentStore, statement: str
) -> None:
    with closing(sqlite3.connect(payment_store._file)) as other, other:
        other.execute(statement)
    before = payment_store._file.read_bytes()

    with pytest.raises(DatabaseUnavailable, match="something else"):
        await payment_store.run(authorise(authorisation_request("order", "tok_visa")))
    with pytest.raises(DatabaseUnavailable, match="something else"):
        await payment_store.with_reference(id_of("order"))

    with closing(sqlite3.connect(payment_store._file)) as other:
        tables = other.execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables in ([], [("orders",)])
    assert before != b""


async def test_expired_keys_of_others_are_deleted_eventually(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> None:
    await payment_store.run(authorise(authorisation_request("old", "tok_visa")))
    clock.advance(timedelta(seconds=3600))

    await payment_store.run(authorise(authorisation_request("new", "tok_visa")))

    with closing(sqlite3.connect(payment_store._file)) as other:
        kept = other.execute("SELECT key FROM keys").fetchall()
    assert kept == [("new:auth:1",)]


async def test_key_is_remembered_for_its_window_only(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> None:
    first = await payment_store.run(authorise(authorisation_request("order", "tok_visa")))
    clock.advance(timedelta(seconds=3600) - timedelta(microseconds=1))
    assert await payment_store.run(authorise(authorisation_request("order", "tok_visa"))) == first

    clock.advance(timedelta(microseconds=1))
    second = await payment_store.run(authorise(authorisation_request("order", "tok_visa")))

    assert second != first
    assert list((await all_calls(payment_store)).values()) == [2, 1]
    with closing(sqlite3.connect(payment_store._file)) as other:
        kept = other.execute("SELECT key FROM keys").fetchall()
    assert kept == [("order:auth:1",)]


async def test_many_pages_of_payments_are_listed_completely(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> None:
    gateway = InProcessPaymentGateway(
        payment_store, clock=clock, timeout_seconds=TEST_TIMEOUT_SECONDS
    )
    requests = [
        authorisation_request(str(number), "tok_visa", amount=eur(1))
        for number in range(2 * PAGE_SIZE)
    ]
    await asyncio.gather(*map(gateway.authorise, requests))

    listed = [each.id async for each in gateway.list_payments(NOW, NOW + DAY)]

    assert listed == list(await all_calls(payment_store))
    assert len(set(listed)) == 2 * PAGE_SIZE


async def test_unusable_file_leaves_the_outcome_unknown(
    payment_store: SqlitePaymentStore, clock: FakeClock
) -> None:
    gateway = InProcessPaymentGateway(
        payment_store, clock=clock, timeout_seconds=TEST_TIMEOUT_SECONDS
    )
    payment_store._file.write_bytes(b"This is no database. " * 100)

    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.authorise(authorisation_request("order", "tok_visa"))
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.capture(key="1", payment_id="pay_1", amount=eur(1))
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.void(key="1", payment_id="pay_1")
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.refund(key="1", payment_id="pay_1", amount=eur(1))
    with pytest.raises(GatewayOutcomeUnknown):
        await gateway.find_payment(id_of("order"))
    with pytest.raises(GatewayOutcomeUnknown):
        _ = [each async for each in gateway.list_payments(NOW, NOW + DAY)]
