"""The simulated gateway's books: a file, one or several processes, and what they remember."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from shop.adapters.simulated_gateway.payment_gateway import PAGE_SIZE, InProcessPaymentGateway
from shop.adapters.simulated_gateway.payment_store import PaymentStore
from shop.adapters.simulated_gateway.responses import NoResponse, Succeeded
from shop.adapters.simulated_gateway.store.rows import TimeRange
from shop.adapters.system.clock import SystemClock
from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationResult,
    Declined,
    GatewayOutcomeUnknown,
)
from tests.clock import FakeClock
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.factories import NOW, eur, id_of
from tests.timeouts import TEST_TIMEOUT_SECONDS

T = TypeVar("T")

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
PROCESSES = 4
KEYS = 25

ROOT = Path(__file__).parents[3]

WORK = """
import asyncio, sys
from pathlib import Path
from shop.adapters.simulated_gateway.payment_store import PaymentStore
from shop.adapters.system.clock import SystemClock
from tests.contract.payment_gateway.gateway_under_test import authorisation_request

async def work() -> None:
    books = PaymentStore(
        Path(sys.argv[1]), clock=SystemClock(), idempotency_seconds=3600)
    numbers = range(int(sys.argv[2]))
    wishes = [authorisation_request(str(number), "tok_visa") for number in numbers]
    for verdict in await asyncio.gather(*map(books.authorise, wishes)):
        print(verdict.payment_id)
    await books.close()

asyncio.run(work())
"""


class PausedClock(SystemClock):
    """Lets no time pass until it is told to."""

    def __init__(self) -> None:
        self.passing = asyncio.Event()

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002  As the port has it.
        await self.passing.wait()


async def eventually(condition: Callable[[], Awaitable[T]]) -> T:
    """Return what is asked for, once it is there."""
    async with asyncio.timeout(TEST_TIMEOUT_SECONDS):
        while not (found := await condition()):  # noqa: ASYNC110  A thread has it so.
            await asyncio.sleep(0.005)
    return found


def modes_in(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


async def all_calls(payment_store: PaymentStore) -> dict[str, int]:
    years = 3650 * DAY
    page = await payment_store.page(
        TimeRange(since=NOW - years, until=NOW + years), after=None, limit=None
    )
    return {each.payment.id: each.calls for each in page}


async def test_several_processes_share_one_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"

    told = await asyncio.gather(*(_work_elsewhere(file) for _ in range(PROCESSES)))

    payment_store = PaymentStore(file, clock=SystemClock(), idempotency_seconds=3600)
    calls = await all_calls(payment_store)
    assert len(calls) == KEYS
    assert set(calls.values()) == {PROCESSES}
    # They answered the same to the same keys.
    assert {tuple(ids) for ids in told} == {told[0]}
    assert sorted(told[0]) == sorted(calls)


async def _work_elsewhere(file: Path) -> tuple[str, ...]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORK, str(file), str(KEYS), cwd=ROOT, stdout=subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    return tuple(told.decode().split())


async def test_file_is_accessible_to_its_owner_only(
    payment_store: PaymentStore, tmp_path: Path
) -> None:
    await payment_store.open()

    modes = modes_in(tmp_path)

    assert modes == dict.fromkeys(["gateway.db", "gateway.db-shm", "gateway.db-wal"], 0o600)


async def test_reading_creates_no_file(payment_store: PaymentStore, tmp_path: Path) -> None:
    assert await all_calls(payment_store) == {}
    assert await payment_store.payment("pay_none") is None
    assert await payment_store.with_reference(id_of("order")) == ()

    assert modes_in(tmp_path) == {}


async def test_every_commit_is_synced_to_disk(payment_store: PaymentStore) -> None:
    await payment_store.open()
    connection = payment_store._writer._connection

    assert connection is not None
    with closing(sqlite3.connect(payment_store._file)) as other:
        assert other.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    full = 2
    assert await payment_store._writer.run(
        lambda its: its.execute("PRAGMA synchronous").fetchall()
    ) == [(full,)]


async def test_failed_operation_does_not_affect_its_batch(payment_store: PaymentStore) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        payment_store.authorise(authorisation_request("1", "tok_visa")),
        payment_store._writer.run(fail),
        payment_store.authorise(authorisation_request("2", "tok_visa")),
        return_exceptions=True,
    )

    assert [type(outcome) for outcome in outcomes] == [Approved, ZeroDivisionError, Approved]
    assert list((await all_calls(payment_store)).values()) == [1, 1]


async def test_cancelled_caller_does_not_block_others(payment_store: PaymentStore) -> None:
    gone = asyncio.create_task(payment_store.authorise(authorisation_request("1", "tok_visa")))
    stays = asyncio.create_task(payment_store.authorise(authorisation_request("2", "tok_visa")))
    await asyncio.sleep(0)
    gone.cancel()

    assert isinstance(await stays, Approved)
    # What was asked is done all the same.
    assert list((await all_calls(payment_store)).values()) == [1, 1]


async def test_concurrent_operations_are_written_together(payment_store: PaymentStore) -> None:
    await payment_store.open()
    commits = 0

    def count(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    await payment_store._writer.run(lambda connection: connection.set_trace_callback(count))
    await asyncio.gather(
        *(payment_store.authorise(authorisation_request(str(n), "tok_visa")) for n in range(100))
    )

    assert len(await all_calls(payment_store)) == 100
    assert commits < 50


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE orders (id INTEGER)", "PRAGMA user_version=17"]
)
async def test_file_of_another_program_is_left_unchanged(
    payment_store: PaymentStore, statement: str
) -> None:
    with closing(sqlite3.connect(payment_store._file)) as other, other:
        other.execute(statement)
    before = payment_store._file.read_bytes()

    with pytest.raises(sqlite3.DatabaseError, match="something else"):
        await payment_store.authorise(authorisation_request("order", "tok_visa"))
    with pytest.raises(sqlite3.DatabaseError, match="something else"):
        await payment_store.with_reference(id_of("order"))

    with closing(sqlite3.connect(payment_store._file)) as other:
        tables = other.execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables in ([], [("orders",)])
    assert before != b""


async def test_key_is_remembered_for_its_window_only(
    payment_store: PaymentStore, clock: FakeClock
) -> None:
    first = await payment_store.authorise(authorisation_request("order", "tok_visa"))
    clock.advance(timedelta(seconds=3600) - timedelta(microseconds=1))
    assert await payment_store.authorise(authorisation_request("order", "tok_visa")) == first

    clock.advance(timedelta(microseconds=1))
    second = await payment_store.authorise(authorisation_request("order", "tok_visa"))

    assert second != first
    assert list((await all_calls(payment_store)).values()) == [2, 1]
    kept = await payment_store._writer.run(
        lambda its: its.execute("SELECT key FROM keys").fetchall()
    )
    assert kept == [("order:auth:1",)]


async def test_concurrent_decisions_about_a_payment_have_one_result(tmp_path: Path) -> None:
    clock = PausedClock()
    payment_store = PaymentStore(tmp_path / "gateway.db", clock=clock, idempotency_seconds=3600)
    slow = authorisation_request("order", "tok_slow")
    waiting = [asyncio.create_task(payment_store.authorise(slow)) for _ in range(3)]

    async def all_three_have_arrived() -> bool:
        return list((await all_calls(payment_store)).values()) == [3]

    await eventually(all_three_have_arrived)
    (undecided,) = await payment_store.with_reference(id_of("order"))
    assert undecided.payment.authorisation_result is None

    # Others are not held up, and who leaves stops nothing.
    assert isinstance(
        await payment_store.authorise(authorisation_request("other", "tok_visa")), Approved
    )
    waiting[0].cancel()
    clock.passing.set()

    approved = Approved(payment_id=undecided.payment.id)
    assert await asyncio.gather(*waiting[1:]) == [approved, approved]
    assert await payment_store.authorise(slow) == approved
    await payment_store.close()


async def test_undecided_payment_is_decided_by_the_next_request(
    tmp_path: Path,
) -> None:
    held = PausedClock()
    payment_store = PaymentStore(tmp_path / "gateway.db", clock=held, idempotency_seconds=3600)
    waiting = asyncio.create_task(
        payment_store.authorise(authorisation_request("order", "tok_slow"))
    )
    await eventually(partial(all_calls, payment_store))
    await payment_store.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    again = PaymentStore(tmp_path / "gateway.db", clock=SystemClock(), idempotency_seconds=3600)
    result = await again.authorise(authorisation_request("order", "tok_slow"))

    assert {result.payment_id if isinstance(result, Approved) else None: 2} == await all_calls(
        again
    )
    await again.close()


async def test_payment_voided_during_its_decision_is_not_approved(tmp_path: Path) -> None:
    clock = PausedClock()
    payment_store = PaymentStore(tmp_path / "gateway.db", clock=clock, idempotency_seconds=3600)
    waiting = asyncio.create_task(
        payment_store.authorise(authorisation_request("order", "tok_slow"))
    )
    (booked,) = await eventually(partial(payment_store.with_reference, id_of("order")))

    assert await payment_store.void(key="void", payment_id=booked.payment.id) == Succeeded()
    clock.passing.set()

    assert await waiting == Declined(reason="cancelled")
    (booked,) = await payment_store.with_reference(id_of("order"))
    assert (booked.payment.authorisation_result, booked.payment.is_voided) == (None, True)
    await payment_store.close()


async def test_timeout_applies_to_the_first_request_only(payment_store: PaymentStore) -> None:
    for token in ("tok_timeout_before", "tok_timeout_after"):
        responses = [
            await payment_store.authorise(authorisation_request(token, token)) for _ in range(3)
        ]
        (booked,) = await payment_store.with_reference(id_of(token))
        approved = Approved(payment_id=booked.payment.id)
        assert responses == [NoResponse(), approved, approved]


async def test_many_pages_of_payments_are_listed_completely(
    payment_store: PaymentStore, clock: FakeClock
) -> None:
    gateway = InProcessPaymentGateway(
        payment_store, clock=clock, timeout_seconds=TEST_TIMEOUT_SECONDS
    )
    wishes = [
        authorisation_request(str(number), "tok_visa", amount=eur(1))
        for number in range(2 * PAGE_SIZE)
    ]
    await asyncio.gather(*map(gateway.authorise, wishes))

    told = [each.id async for each in gateway.list_payments(NOW, NOW + DAY)]

    assert told == list(await all_calls(payment_store))
    assert len(set(told)) == 2 * PAGE_SIZE


async def test_caller_that_times_out_leaves_the_payment_to_be_decided(tmp_path: Path) -> None:
    clock = PausedClock()
    payment_store = PaymentStore(tmp_path / "gateway.db", clock=clock, idempotency_seconds=3600)
    gateway = InProcessPaymentGateway(payment_store, clock=clock, timeout_seconds=0.05)

    # A caller that times out before the request is stored leaves nothing to be decided.
    while not payment_store._decisions:
        with pytest.raises(GatewayOutcomeUnknown):
            await gateway.authorise(authorisation_request("order", "tok_slow"))
    clock.passing.set()
    gateway = InProcessPaymentGateway(
        payment_store, clock=clock, timeout_seconds=TEST_TIMEOUT_SECONDS
    )

    async def result() -> AuthorisationResult | None:
        payment = await gateway.find_payment(id_of("order"))
        return None if payment is None else payment.authorisation_result

    assert isinstance(await eventually(result), Approved)
    await gateway.close()


async def test_unusable_file_leaves_the_outcome_unknown(
    payment_store: PaymentStore, clock: FakeClock
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
