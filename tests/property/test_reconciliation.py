"""Whatever becomes of requests, answers, workers and jobs: in the end both books agree."""

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
from tests.clock import ScriptedClock
from tests.doubles import CountingIds
from tests.factories import NOW, eur
from tests.unit.application.memory_shop import HOLD_SECONDS, MemoryShop, place_order

CARDS = (
    "tok_visa",
    "tok_declined",
    "tok_timeout_before",
    "tok_timeout_after",
    "tok_error",
    "tok_authenticate",
)
ORDERS = st.integers(min_value=0, max_value=4)

DEEDS = st.one_of(
    st.tuples(st.just("pay"), ORDERS, st.sampled_from(CARDS)),
    st.tuples(st.just("deposit"), ORDERS, st.sampled_from(CARDS)),
    st.tuples(st.just("cancel"), ORDERS),
    st.tuples(st.just("script"), st.lists(st.sampled_from(ScriptedResult), max_size=4)),
    st.tuples(st.just("wait"), st.integers(min_value=1, max_value=HOLD_SECONDS)),
    st.tuples(st.just("work")),
    st.tuples(st.just("lose"), st.integers(min_value=0, max_value=9)),
    st.tuples(st.just("reconcile")),
)


@given(st.lists(DEEDS, max_size=20))
def _the_books_agree(deeds: list[tuple[object, ...]]) -> None:
    asyncio.run(_history(deeds))


def test_the_books_agree_once_all_is_quiet(profile: settings) -> None:
    effort = settings(profile, max_examples=max(200, profile.max_examples))
    effort(_the_books_agree)()


async def _history(deeds: list[tuple[object, ...]]) -> None:
    shop = MemoryShop(ScriptedClock(NOW), MemoryDatabase(), CountingIds())
    await shop.stock(await shop.admin(), TEA=5)
    token = await shop.customer("ada")

    for deed in deeds:
        # A refusal, like any other answer, leaves the books in order.
        with suppress(ShopError):
            await _do(shop, token, deed)
    await _calm(shop)

    assert await _reconcile(shop) == []
    assert shop.jobs == []
    assert await shop.findings() == []
    standings = {
        (order.status, shop.state.payments.rows[order.id].status)
        for order in shop.state.orders.rows.values()
    }
    assert standings <= {
        (OrderStatus.PAID, PaymentStatus.CAPTURED),
        (OrderStatus.DECLINED, PaymentStatus.DECLINED),
        (OrderStatus.EXPIRED, PaymentStatus.VOIDED),
        (OrderStatus.CANCELLED, PaymentStatus.VOIDED),
        (OrderStatus.CANCELLED, PaymentStatus.REFUNDED),
    }


async def _do(shop: MemoryShop, token: SessionToken, deed: tuple[object, ...]) -> None:
    match deed:
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
            await shop.work()
        case ("lose", int(number)):
            await _lose(shop, number)
        case ("reconcile",):
            await _reconcile(shop)


async def _cancel(shop: MemoryShop, token: SessionToken, number: int) -> None:
    ids = list(shop.state.orders.rows)
    if number < len(ids):
        command = CancelOrder(session=token, order_id=ids[number])
        await shop.container.cancel_orders().cancel(command)


async def _lose(shop: MemoryShop, number: int) -> None:
    """Lose a job, as no use case does."""
    ids = list(shop.state.jobs.rows)
    if number < len(ids):
        async with shop.container.unit_of_work() as uow:
            uow.jobs.remove(ids[number])
            await uow.commit()


async def _calm(shop: MemoryShop) -> None:
    """Have the gateway answer, time pass and all jobs be done, with what is missing added."""
    shop.gateway._scripted_results.clear()
    for _ in range(6):
        await _reconcile(shop)
        shop.clock.advance(timedelta(seconds=HOLD_SECONDS))
        await shop.work()


async def _reconcile(shop: MemoryShop) -> list[object]:
    command = Reconcile(since=None, until=None, is_dry_run=False)
    return [each async for each in shop.container.reconcile_payments().reconcile(command)]
