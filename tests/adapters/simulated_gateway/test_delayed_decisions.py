"""Payments that are decided later than they are requested, by the simulated gateway's file."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from shop.adapters.simulated_gateway.operations import authorise, void
from shop.adapters.simulated_gateway.payment_gateway import InProcessPaymentGateway
from shop.adapters.simulated_gateway.responses import NoResponse, Succeeded
from shop.adapters.simulated_gateway.store.sqlite_payment_store import SqlitePaymentStore
from shop.adapters.system.clock import SystemClock
from shop.application.ports.payment_gateway import (
    Approved,
    AuthorisationResult,
    Declined,
    GatewayOutcomeUnknown,
)
from tests.adapters.simulated_gateway.stored_payments import all_calls
from tests.contract.payment_gateway.gateway_under_test import authorisation_request
from tests.factories import id_of
from tests.timeouts import TEST_TIMEOUT_SECONDS

T = TypeVar("T")

pytestmark = pytest.mark.anyio


class PausedClock(SystemClock):
    """A clock whose waiters wait until `passing` is set."""

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


async def test_concurrent_decisions_about_a_payment_have_one_result(tmp_path: Path) -> None:
    clock = PausedClock()
    payment_store = SqlitePaymentStore(
        tmp_path / "gateway.db", clock=clock, idempotency_seconds=3600
    )
    slow = authorisation_request("order", "tok_slow")
    waiting = [asyncio.create_task(payment_store.run(authorise(slow))) for _ in range(3)]

    async def all_three_have_arrived() -> bool:
        return list((await all_calls(payment_store)).values()) == [3]

    await eventually(all_three_have_arrived)
    (undecided,) = await payment_store.with_reference(id_of("order"))
    assert undecided.payment.authorisation_result is None

    # Others are not held up, and who leaves stops nothing.
    assert isinstance(
        await payment_store.run(authorise(authorisation_request("other", "tok_visa"))), Approved
    )
    waiting[0].cancel()
    clock.passing.set()

    approved = Approved(payment_id=undecided.payment.id)
    assert await asyncio.gather(*waiting[1:]) == [approved, approved]
    assert await payment_store.run(authorise(slow)) == approved
    await payment_store.close()


async def test_undecided_payment_is_decided_by_the_next_request(
    tmp_path: Path,
) -> None:
    held = PausedClock()
    payment_store = SqlitePaymentStore(
        tmp_path / "gateway.db", clock=held, idempotency_seconds=3600
    )
    waiting = asyncio.create_task(
        payment_store.run(authorise(authorisation_request("order", "tok_slow")))
    )
    await eventually(partial(all_calls, payment_store))
    await payment_store.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    again = SqlitePaymentStore(
        tmp_path / "gateway.db", clock=SystemClock(), idempotency_seconds=3600
    )
    result = await again.run(authorise(authorisation_request("order", "tok_slow")))

    assert {result.payment_id if isinstance(result, Approved) else None: 2} == await all_calls(
        again
    )
    await again.close()


async def test_payment_voided_during_its_decision_is_not_approved(tmp_path: Path) -> None:
    clock = PausedClock()
    payment_store = SqlitePaymentStore(
        tmp_path / "gateway.db", clock=clock, idempotency_seconds=3600
    )
    waiting = asyncio.create_task(
        payment_store.run(authorise(authorisation_request("order", "tok_slow")))
    )
    (booked,) = await eventually(partial(payment_store.with_reference, id_of("order")))

    assert await payment_store.run(void("void", booked.payment.id)) == Succeeded()
    clock.passing.set()

    assert await waiting == Declined(reason="cancelled")
    (booked,) = await payment_store.with_reference(id_of("order"))
    assert (booked.payment.authorisation_result, booked.payment.is_voided) == (None, True)
    await payment_store.close()


async def test_timeout_applies_to_the_first_request_only(payment_store: SqlitePaymentStore) -> None:
    for token in ("tok_timeout_before", "tok_timeout_after"):
        responses = [
            await payment_store.run(authorise(authorisation_request(token, token)))
            for _ in range(3)
        ]
        (booked,) = await payment_store.with_reference(id_of(token))
        approved = Approved(payment_id=booked.payment.id)
        assert responses == [NoResponse(), approved, approved]


async def test_caller_that_times_out_leaves_the_payment_to_be_decided(tmp_path: Path) -> None:
    clock = PausedClock()
    payment_store = SqlitePaymentStore(
        tmp_path / "gateway.db", clock=clock, idempotency_seconds=3600
    )
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
