"""Gateway events change nothing twice, also those that come early, late or for nothing."""

import asyncio
import logging
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.checkout.complete_orders import CompleteOrder
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.ledger.deposits import MakeDeposit
from shop.application.orders.cancel import CancelOrder
from shop.application.ports.payment_gateway import Declined
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from shop.domain.shared.errors import ShopError
from tests.application.checkout.event_shop import (
    CAPTURE,
    HANDLE,
    RESOLVE,
    RETRY_DELAY,
    deliver,
    is_voided,
    order_state,
    parse_event,
    pay,
    receive,
)
from tests.application.memory_shop import (
    PENDING_PAYMENT_SECONDS,
    WELCOME_CREDIT,
    MemoryShop,
    place_order,
)
from tests.factories import NOW, eur, id_of

pytestmark = pytest.mark.anyio

RACES = 500
PENDING_PAYMENT_TIMEOUT = timedelta(seconds=PENDING_PAYMENT_SECONDS)
A_WHILE = timedelta(seconds=30)
UNKNOWN_REFERENCE = id_of("unknown order")


class TestALateEvent:
    async def test_of_a_paid_order_is_stored_without_effect(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        placed = await pay(shop, ada_token, "tok_visa")
        await shop.run_jobs()
        before = shop.state

        await deliver(shop, placed.order.id)

        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert before == replace(shop.state, gateway_events=before.gateway_events)

    async def test_of_an_expired_order_reverses_the_payment(
        self, shop: MemoryShop, pending: PlacedOrder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def find_nothing(*_: object) -> None:
            """The request to authorise is still on its way to the gateway."""

        with monkeypatch.context() as patch:
            patch.setattr(shop.gateway, "find_payment", find_nothing)
            shop.clock.advance(PENDING_PAYMENT_TIMEOUT)
            await shop.run_jobs()
            shop.clock.advance(A_WHILE)
            await shop.run_jobs()
        assert order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert shop.jobs == []
        assert not await is_voided(shop, pending)

        await deliver(shop, pending.order.id)

        assert order_state(shop) == (OrderStatus.EXPIRED, PaymentStatus.VOIDED)
        assert shop.jobs == ["reverse_payment"]
        await shop.run_jobs()
        assert await is_voided(shop, pending)

    async def test_of_a_declined_order_reverses_the_payment(
        self, shop: MemoryShop, pending: PlacedOrder
    ) -> None:
        said_no = CompleteOrder(
            order=pending.order,
            payment=pending.payment,
            payment_outcome=Declined(reason="try_again"),
            session=None,
        )
        await shop.container.complete_orders().complete([said_no])

        await deliver(shop, pending.order.id)

        assert order_state(shop) == (OrderStatus.DECLINED, PaymentStatus.DECLINED)
        assert shop.jobs == ["reverse_payment"]
        await shop.run_jobs()
        assert await is_voided(shop, pending)

    async def test_of_a_cancelled_order_leaves_the_payment_reversed(
        self, shop: MemoryShop, pending: PlacedOrder, ada_token: SessionToken
    ) -> None:
        command = CancelOrder(session=ada_token, order_id=pending.order.id)
        await shop.container.cancel_orders().cancel(command)

        await deliver(shop, pending.order.id)
        await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.CANCELLED, PaymentStatus.VOIDED)
        assert await is_voided(shop, pending)
        assert shop.jobs == []


class TestAnEventOfADeposit:
    async def test_completes_it_once_if_it_is_pending(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        command = MakeDeposit(
            session=ada_token, key="key-0001", amount=eur(300), card="tok_timeout_after"
        )
        made = (await shop.container.deposit_service().make(command)).unwrap()
        await deliver(shop, made.id)
        for _ in range(2):
            await receive(shop, made.id)

            assert shop.balance("ada") == WELCOME_CREDIT + 300
            assert list(shop.state.gateway_events.rows) == ["evt_1"]
            assert shop.jobs == ["capture_deposit"]

        await deliver(shop, made.id, "evt_2")
        assert shop.balance("ada") == WELCOME_CREDIT + 300
        assert shop.jobs == []

    async def test_reverses_the_payment_if_the_deposit_was_declined(
        self, shop: MemoryShop, ada_token: SessionToken
    ) -> None:
        deposits = shop.container.deposit_service()
        command = MakeDeposit(
            session=ada_token, key="key-0001", amount=eur(300), card="tok_timeout_after"
        )
        made = (await deposits.make(command)).unwrap()
        await deposits.complete(made.id, Declined(reason="try_again"))

        await deliver(shop, made.id)

        assert shop.state.deposits.rows[made.id].status is PaymentStatus.DECLINED
        assert shop.jobs == ["reverse_payment"]
        await shop.run_jobs()
        payment = await shop.gateway.find_payment(made.id)
        assert payment is not None
        assert payment.is_voided
        assert shop.balance("ada") == WELCOME_CREDIT


class TestAnEventOfAnUnknownPayment:
    async def test_is_kept_and_logged_as_an_error_once(
        self, shop: MemoryShop, ada_token: SessionToken, caplog: pytest.LogCaptureFixture
    ) -> None:
        del ada_token
        with caplog.at_level(logging.ERROR):
            await deliver(shop, UNKNOWN_REFERENCE)
            assert (shop.jobs, caplog.messages) == ([HANDLE], [])
            for _ in range(3):
                shop.clock.advance(A_WHILE)
                await shop.run_jobs()

        assert [
            (each.levelname, each.getMessage(), vars(each)["event_id"], vars(each)["kind"])
            for each in caplog.records
        ] == [("ERROR", "gateway_event_unmatched", "evt_1", "approved")]
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert shop.jobs == []

    async def test_completes_an_order_that_is_stored_only_after_the_event(
        self, shop: MemoryShop, pending: PlacedOrder, caplog: pytest.LogCaptureFixture
    ) -> None:
        committed = shop.state
        shop.database.state = replace(
            committed,
            orders=committed.orders.with_changes(removed=[pending.order.id]),
            payments=committed.payments.with_changes(removed=[pending.order.id]),
        )
        with caplog.at_level(logging.ERROR):
            await deliver(shop, pending.order.id)
            assert shop.jobs == [HANDLE, RESOLVE]

            shop.database.state = replace(
                shop.state, orders=committed.orders, payments=committed.payments
            )
            shop.clock.advance(RETRY_DELAY)
            await shop.run_jobs()

        assert order_state(shop) == (OrderStatus.PAID, PaymentStatus.AUTHORISED)
        assert shop.jobs == [CAPTURE]
        assert caplog.messages == []

    async def test_is_unknown_if_its_order_was_paid_from_the_account(
        self, shop: MemoryShop, ada_token: SessionToken, caplog: pytest.LogCaptureFixture
    ) -> None:
        placed = await shop.place(place_order(ada_token, ("TEA", 1)))
        before = shop.state
        with caplog.at_level(logging.ERROR):
            await receive(shop, placed.order.id)
            shop.clock.advance(A_WHILE)
            await shop.run_jobs()

        assert len(caplog.records) == 1
        assert before == replace(shop.state, gateway_events=before.gateway_events)

    async def test_ends_silently_if_it_refers_to_nothing_of_the_shop(
        self, shop: MemoryShop, ada_token: SessionToken, caplog: pytest.LogCaptureFixture
    ) -> None:
        del ada_token
        with caplog.at_level(logging.ERROR):
            await deliver(shop, None)
        assert list(shop.state.gateway_events.rows) == ["evt_1"]
        assert (shop.jobs, caplog.messages) == ([], [])


async def test_concurrent_workers_events_and_requests_complete_once(
    shop: MemoryShop, admin: SessionToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.gateway, "parse_event", parse_event)
    await shop.add_products(admin, CUP=RACES)
    await shop.customer("ada")
    choose = random.Random(0)
    for number in range(RACES):
        card = choose.choice(["tok_timeout_after", "tok_timeout_before", "tok_error"])
        token = await shop.sign_in("ada")
        command = place_order(token, ("CUP", 1), card=card, key=f"key-of-race-{number}")
        placed = await shop.check_out(command)
        shop.clock.advance(choose.choice([A_WHILE, PENDING_PAYMENT_TIMEOUT]))
        racers = [
            shop.run_jobs(),
            shop.run_jobs(),
            receive(shop, placed.order.id, f"evt_{number}"),
            receive(shop, placed.order.id, f"evt_{number}"),
            shop.container.checkout().place(command),
        ]
        choose.shuffle(racers)
        for response in await asyncio.gather(*racers, return_exceptions=True):
            assert not isinstance(response, BaseException) or isinstance(response, ShopError)
    for _ in range(10):
        shop.clock.advance(PENDING_PAYMENT_TIMEOUT)
        while await shop.run_jobs():
            pass

    assert shop.jobs == []
    assert await shop.audit_violations() == []
    statuses = [order.status for order in shop.state.orders.rows.values()]
    assert set(statuses) <= {OrderStatus.PAID, OrderStatus.EXPIRED}
    assert len(statuses) == RACES
    paid = {each.id for each in shop.state.orders.rows.values() if each.status is OrderStatus.PAID}
    payments = [each async for each in shop.gateway.list_payments(NOW, NOW + timedelta(days=365))]
    captured = [each.reference for each in payments if each.is_captured]
    assert sorted(captured) == sorted(paid)  # type: ignore[type-var]  # None would be found.
    assert {each.reference for each in payments if not each.is_voided} <= paid
