"""Shop and gateway agree in the end, whatever requests, responses, workers and jobs fail."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.payment_gateway import ScriptedResult
from shop.application.ledger.deposits import MakeDeposit
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.reconciliation.repair import Reconcile
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from shop.domain.shared.errors import ShopError
from tests.application.memory_shop import PENDING_PAYMENT_SECONDS, MemoryShop, place_order
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.effort import EFFORT
from tests.factories import NOW, eur

CARDS = (
    "tok_visa",
    "tok_declined",
    "tok_timeout_before",
    "tok_timeout_after",
    "tok_error",
    "tok_authenticate",
)
ORDERS = st.integers(min_value=0, max_value=4)

ACTIONS = st.one_of(
    st.tuples(st.just("pay"), ORDERS, st.sampled_from(CARDS)),
    st.tuples(st.just("deposit"), ORDERS, st.sampled_from(CARDS)),
    st.tuples(st.just("cancel"), ORDERS),
    st.tuples(st.just("script"), st.lists(st.sampled_from(ScriptedResult), max_size=4)),
    st.tuples(st.just("wait"), st.integers(min_value=1, max_value=PENDING_PAYMENT_SECONDS)),
    st.tuples(st.just("work")),
    st.tuples(st.just("lose"), st.integers(min_value=0, max_value=9)),
    st.tuples(st.just("reconcile")),
)


@given(st.lists(ACTIONS, max_size=20))
def _assert_consistent(actions: list[tuple[object, ...]]) -> None:
    asyncio.run(_history(actions))


def test_shop_and_gateway_agree_when_idle(profile: settings) -> None:
    budget = settings(profile, max_examples=EFFORT.reconciliations)
    budget(_assert_consistent)()


async def _history(actions: list[tuple[object, ...]]) -> None:
    shop = MemoryShop(FakeClock(NOW), MemoryDatabase(), SequentialIds())
    await shop.add_products(await shop.admin(), TEA=5)
    token = await shop.customer("ada")

    for action in actions:
        # A rejection, like any other response, leaves shop and gateway consistent.
        with suppress(ShopError):
            await _do(shop, token, action)
    await _run_until_idle(shop)

    assert await _reconcile(shop) == []
    assert shop.jobs == []
    assert await shop.audit_violations() == []
    order_states = {
        (order.status, shop.state.payments.rows[order.id].status)
        for order in shop.state.orders.rows.values()
    }
    assert order_states <= {
        (OrderStatus.PAID, PaymentStatus.CAPTURED),
        (OrderStatus.DECLINED, PaymentStatus.DECLINED),
        (OrderStatus.EXPIRED, PaymentStatus.VOIDED),
        (OrderStatus.CANCELLED, PaymentStatus.VOIDED),
        (OrderStatus.CANCELLED, PaymentStatus.REFUNDED),
    }


async def _do(shop: MemoryShop, token: SessionToken, action: tuple[object, ...]) -> None:
    match action:
        case ("pay", int(number), str(card)):
            command = place_order(token, ("TEA", 1), card=card, key=f"key-{number:04}")
            await shop.check_out(command)
        case ("deposit", int(number), str(card)):
            into = MakeDeposit(session=token, key=f"deposit-{number}", amount=eur(5), card=card)
            await shop.container.deposit_service().make(into)
        case ("cancel", int(number)):
            await _cancel(shop, token, number)
        case ("script", list(fates)):
            shop.gateway.script(*fates)
        case ("wait", int(seconds)):
            shop.clock.advance(timedelta(seconds=seconds))
        case ("work",):
            await shop.run_jobs()
        case ("lose", int(number)):
            await _lose_jobs(shop, number)
        case ("reconcile",):
            await _reconcile(shop)


async def _cancel(shop: MemoryShop, token: SessionToken, number: int) -> None:
    ids = list(shop.state.orders.rows)
    if number < len(ids):
        command = CancelOrder(session=token, order_id=ids[number])
        await shop.container.cancel_orders().cancel(command)


async def _lose_jobs(shop: MemoryShop, number: int) -> None:
    """Lose a job, as no use case does."""
    ids = list(shop.state.jobs.rows)
    if number < len(ids):
        async with shop.container.unit_of_work() as uow:
            uow.jobs.remove(ids[number])
            await uow.commit()


async def _run_until_idle(shop: MemoryShop) -> None:
    """Have the gateway answer, time pass and all jobs be done, with what is missing added."""
    shop.gateway._scripted_results.clear()
    for _ in range(6):
        await _reconcile(shop)
        shop.clock.advance(timedelta(seconds=PENDING_PAYMENT_SECONDS))
        await shop.run_jobs()


async def _reconcile(shop: MemoryShop) -> list[object]:
    command = Reconcile(since=None, until=None, is_dry_run=False)
    return [each async for each in shop.container.reconcile_payments().reconcile(command)]
