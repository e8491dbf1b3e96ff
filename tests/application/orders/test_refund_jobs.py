"""What was refunded to a card goes there once, whatever the gateway says and forgets."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.jobs.retry_policy import MAX_FAILURES
from shop.application.orders.refund import RefundOrder
from shop.application.ports.payment_gateway import GatewayPayment
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.account import ShopAccount
from shop.domain.orders.order import OrderStatus
from shop.domain.orders.refund import GATEWAY_REFUNDED, Refund, RefundRequest, RefundStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.shared.money import Money
from tests.application.memory_shop import (
    IDEMPOTENCY_SECONDS,
    WELCOME_CREDIT,
    MemoryShop,
    place_order,
)
from tests.factories import EUR, NOW, eur

pytestmark = pytest.mark.anyio

LONG_TIME = timedelta(days=365)
A_PAUSE = timedelta(minutes=10)
IDEMPOTENCY_WINDOW = timedelta(seconds=IDEMPOTENCY_SECONDS)


@pytest.fixture
async def paid(shop: MemoryShop, admin: SessionToken) -> AsyncIterator[PlacedOrder]:
    """Yield a captured order of Ada, three of tea for 300, and audit the shop after the test."""
    del admin
    ada_token = await shop.customer("ada")
    placed = await shop.check_out(place_order(ada_token, ("TEA", 3), card="tok_visa"))
    await shop.run_jobs()
    yield placed
    assert await shop.audit_violations() == []


async def _refund(
    shop: MemoryShop,
    admin: SessionToken,
    placed: PlacedOrder,
    amount: int | None = None,
    key: str = "key-0001",
    to: PaymentMethod | None = None,
) -> Refund:
    money = None if amount is None else eur(amount)
    request = RefundRequest(
        lines=(), shipping=False, amount=money, to=to, reason="Broken", restock=False
    )
    command = RefundOrder(session=admin, key=key, order_id=placed.order.id, refund_request=request)
    return (await shop.container.refund_orders().refund(command)).unwrap()


async def _at_gateway(shop: MemoryShop) -> GatewayPayment:
    (payment,) = [
        each async for each in shop.gateway.list_payments(NOW - LONG_TIME, NOW + LONG_TIME)
    ]
    return payment


async def _refunded_at_gateway(shop: MemoryShop) -> Money:
    return (await _at_gateway(shop)).refunded


def _stored(shop: MemoryShop, refund: Refund) -> tuple[RefundStatus, str | None]:
    stored = shop.state.refunds.rows[refund.id]
    return stored.status, stored.gateway_response


async def test_ledger_is_updated_at_once_and_the_card_refunded_by_the_worker(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    refund = await _refund(shop, admin, paid)

    assert (refund.to, refund.status) == (PaymentMethod.CARD, RefundStatus.PENDING)
    transfer = shop.state.transfers.rows[refund.id]
    assert transfer.credit_account_id == ShopAccount.CARD_CLEARING.account_id(EUR)
    assert shop.state.orders.rows[paid.order.id].status is OrderStatus.REFUNDED
    assert shop.state.payments.rows[paid.order.id].status is PaymentStatus.REFUNDED
    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(0), ["refund_payment"])

    assert [await shop.run_jobs(), await shop.run_jobs()] == [1, 0]

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(300), [])
    assert _stored(shop, refund) == (RefundStatus.SUCCEEDED, GATEWAY_REFUNDED)
    assert shop.balance("ada") == WELCOME_CREDIT


async def test_key_is_replayed_identically_whatever_the_card_refund_has_become(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    first = await _refund(shop, admin, paid, 100)
    await shop.run_jobs()

    assert await _refund(shop, admin, paid, 100) == first
    assert shop.jobs == []


async def test_card_order_may_be_refunded_to_the_account(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    refund = await _refund(shop, admin, paid, to=PaymentMethod.ACCOUNT)

    assert (refund.status, shop.jobs) == (RefundStatus.SUCCEEDED, [])
    assert shop.balance("ada") == WELCOME_CREDIT + 300
    assert shop.state.orders.rows[paid.order.id].status is OrderStatus.REFUNDED
    assert await _refunded_at_gateway(shop) == eur(0)


async def test_partial_refunds_are_made_one_after_the_other(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    parts = [
        await _refund(shop, admin, paid, 100, "key-0001"),
        await _refund(shop, admin, paid, 50, "key-0002", PaymentMethod.ACCOUNT),
        await _refund(shop, admin, paid, 100, "key-0003"),
        await _refund(shop, admin, paid, 50, "key-0004"),
    ]
    for _ in parts:
        await shop.run_jobs()
        shop.clock.advance(A_PAUSE)

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(250), [])
    assert {_stored(shop, each)[0] for each in parts} == {RefundStatus.SUCCEEDED}
    assert shop.balance("ada") == WELCOME_CREDIT + 50


@pytest.mark.parametrize("script", [ScriptedResult.TIMEOUT_BEFORE, ScriptedResult.TIMEOUT_AFTER])
@pytest.mark.parametrize("pause", [timedelta(minutes=1), IDEMPOTENCY_WINDOW])
async def test_refund_without_a_response_is_retried_and_paid_once(
    shop: MemoryShop,
    admin: SessionToken,
    paid: PlacedOrder,
    script: ScriptedResult,
    pause: timedelta,
) -> None:
    refund = await _refund(shop, admin, paid, 100)
    shop.gateway.script(script, script)
    for _ in range(3):
        assert shop.jobs == ["refund_payment"]
        await shop.run_jobs()
        assert _stored(shop, refund)[0] is (
            RefundStatus.SUCCEEDED if not shop.jobs else RefundStatus.PENDING
        )
        if not shop.jobs:
            break
        shop.clock.advance(pause)

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(100), [])
    assert _stored(shop, refund) == (RefundStatus.SUCCEEDED, GATEWAY_REFUNDED)


async def test_refund_is_distinguished_from_an_equal_earlier_one_when_keys_expire(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    await _refund(shop, admin, paid, 100, "key-0001")
    await shop.run_jobs()
    await _refund(shop, admin, paid, 100, "key-0002")
    shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    await shop.run_jobs()
    assert await _refunded_at_gateway(shop) == eur(100)

    shop.clock.advance(IDEMPOTENCY_WINDOW)
    await shop.run_jobs()

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(200), [])


async def test_refund_that_cannot_be_recorded_is_requested_again(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    refund = await _refund(shop, admin, paid, 100)
    # The lease, and then the record of what the gateway has said.
    shop.faults.plan(("never", RuntimeError()), ("commit", RuntimeError("a bug")))
    await shop.run_jobs()
    assert _stored(shop, refund) == (RefundStatus.PENDING, None)
    shop.clock.advance(timedelta(minutes=1))

    await shop.run_jobs()

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(100), [])


@pytest.mark.parametrize("place", ["commit", "committed"])
async def test_refund_with_an_unknown_commit_outcome_is_recorded_once(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder, place: str
) -> None:
    refund = await _refund(shop, admin, paid, 100)
    shop.faults.plan(("never", RuntimeError()), (place, CommitOutcomeUnknown("no answer")))

    await shop.run_jobs()

    assert _stored(shop, refund) == (RefundStatus.SUCCEEDED, GATEWAY_REFUNDED)
    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(100), [])


async def test_rejected_refund_is_stored_and_later_ones_wait(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    rejected = await _refund(shop, admin, paid, 100, "key-0001")
    after = await _refund(shop, admin, paid, 50, "key-0002")
    shop.gateway.script(*[ScriptedResult.REJECTED] * MAX_FAILURES)
    for _ in range(MAX_FAILURES):
        await shop.run_jobs()
        shop.clock.advance(A_PAUSE)

    assert shop.jobs == ["refund_payment", "refund_payment (dead)"]
    assert _stored(shop, rejected) == (RefundStatus.PENDING, "refused")
    assert _stored(shop, after) == (RefundStatus.PENDING, None)
    assert await _refunded_at_gateway(shop) == eur(0)

    shop.clock.advance(IDEMPOTENCY_WINDOW)
    shop.gateway._scripted_results.clear()
    await shop.container.job_service().retry_dead()
    await shop.run_jobs()
    shop.clock.advance(A_PAUSE)
    await shop.run_jobs()

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(150), [])


async def test_refund_with_an_error_response_is_found_by_a_lookup(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    refund = await _refund(shop, admin, paid, 100)
    shop.gateway.script(ScriptedResult.TIMEOUT_AFTER, ScriptedResult.TIMEOUT_AFTER)

    for _ in range(2):
        await shop.run_jobs()
        shop.clock.advance(timedelta(seconds=10))

    assert _stored(shop, refund) == (RefundStatus.SUCCEEDED, GATEWAY_REFUNDED)
    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(100), [])


async def test_manual_refund_after_a_failure_is_not_repeated(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    refund = await _refund(shop, admin, paid, 100)
    shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    await shop.run_jobs()
    payment = await _at_gateway(shop)
    await shop.gateway.refund(key="by-hand", payment_id=payment.id, amount=eur(100))
    shop.clock.advance(timedelta(seconds=10))

    await shop.run_jobs()

    assert _stored(shop, refund) == (RefundStatus.SUCCEEDED, GATEWAY_REFUNDED)
    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(100), [])


async def test_waiting_refund_does_not_use_up_its_attempts(
    shop: MemoryShop, admin: SessionToken, paid: PlacedOrder
) -> None:
    await _refund(shop, admin, paid, 100, "key-0001")
    await _refund(shop, admin, paid, 50, "key-0002")
    shop.gateway.script(*[ScriptedResult.TIMEOUT_BEFORE] * (MAX_FAILURES + 1))
    for _ in range(MAX_FAILURES):
        await shop.run_jobs()
        shop.clock.advance(A_PAUSE)
    assert shop.jobs == ["refund_payment", "refund_payment (dead)"]
    await shop.container.job_service().retry_dead()
    shop.gateway._scripted_results.clear()
    await shop.run_jobs()
    shop.gateway.script(ScriptedResult.TIMEOUT_BEFORE)
    shop.clock.advance(A_PAUSE)
    await shop.run_jobs()
    assert shop.jobs == ["refund_payment"]
    shop.clock.advance(A_PAUSE)

    await shop.run_jobs()

    assert (await _refunded_at_gateway(shop), shop.jobs) == (eur(150), [])
