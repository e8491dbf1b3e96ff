"""The audit finds what is wrong with sessions, keys and histories, and nothing else."""

from dataclasses import replace
from uuid import UUID

import pytest

from shop.application.ports.repositories.idempotency_keys import Rejected, StoredOutcome, Succeeded
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Transfer, TransferKind
from shop.domain.cart import EmptyCart
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentCancelled
from tests.contract.books import (
    ADA,
    ADAS,
    BOB,
    BOBS,
    ORDER,
    RUNNING,
    book,
    bought,
    cancelled,
    charge,
    fill,
    findings,
    follow,
    pending,
    place,
    settle,
    sound_steps,
)
from tests.contract.stores import Stores
from tests.factories import ADJUSTMENTS, NOW, an_id, claim, handover, line, order, session, transfer

pytestmark = pytest.mark.anyio

SHIPMENT = (handover(ORDER, kind=ShipmentEventKind.SHIPPED),)


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    return await fill(stores)


class TestSessions:
    @pytest.mark.parametrize("user_id", [BOB.id, None])
    async def test_a_session_that_tracks_anothers_order(
        self, shop: Stores, user_id: UUID | None
    ) -> None:
        await place(shop, bought(ORDER))
        foreign = session("1", user_id=user_id, last_order_id=ORDER.id)
        await shop.commit(lambda uow: uow.sessions.create(foreign))

        facts = {"session_id": str(foreign.id), "last_order_id": str(ORDER.id)}
        assert await findings(shop) == [(6, "session-tracks-anothers-order", facts)]

    async def test_a_session_that_tracks_no_order_that_there_is(self, shop: Stores) -> None:
        lost = session("1", user_id=ADA.id, last_order_id=ORDER.id)
        await shop.commit(lambda uow: uow.sessions.create(lost))

        facts = {"session_id": str(lost.id), "last_order_id": str(ORDER.id)}
        assert await findings(shop) == [(6, "session-tracks-anothers-order", facts)]


class TestKeys:
    @pytest.mark.parametrize("outcome", [None, Rejected(error=EmptyCart())])
    async def test_a_paid_order_whose_key_does_not_tell_of_it(
        self, shop: Stores, outcome: StoredOutcome | None
    ) -> None:
        await place(shop, replace(bought(ORDER), outcome=outcome))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_a_paid_order_whose_key_waits_for_an_outcome(self, shop: Stores) -> None:
        await place(shop, replace(bought(ORDER), outcome=RUNNING))

        waits = {"user_id": str(ADA.id), "key": ORDER.idempotency_key}
        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(ORDER.id)}),
            (7, "key-without-outcome", waits),
        ]

    async def test_an_order_of_which_only_anothers_key_tells(self, shop: Stores) -> None:
        bobs = claim(BOB, ORDER.idempotency_key)

        async def work(uow: UnitOfWork) -> None:
            await uow.idempotency_keys.claim([bobs])
            uow.idempotency_keys.complete(bobs.id, Succeeded(reference=ORDER.id))

        await shop.change(work)
        await place(shop, replace(bought(ORDER), outcome=None))

        told = {"user_id": str(BOB.id), "reference": str(ORDER.id)}
        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(ORDER.id)}),
            (7, "outcome-without-order", told),
        ]

    async def test_a_key_that_led_to_neither_an_outcome_nor_an_order(self, shop: Stores) -> None:
        # Under another key, one waits.
        await place(shop, pending(ORDER))
        await shop.change(lambda uow: settle(uow, "a-key", RUNNING))

        facts = {"user_id": str(ADA.id), "key": "a-key"}
        assert await findings(shop) == [(7, "key-without-outcome", facts)]

    async def test_a_key_under_which_only_another_customer_waits(self, shop: Stores) -> None:
        await place(shop, pending(ORDER))
        await shop.change(
            lambda uow: uow.idempotency_keys.claim([claim(BOB, ORDER.idempotency_key)])
        )

        facts = {"user_id": str(BOB.id), "key": ORDER.idempotency_key}
        assert await findings(shop) == [(7, "key-without-outcome", facts)]

    @pytest.mark.parametrize("outcome", [None, Rejected(error=EmptyCart())])
    async def test_a_pending_order_whose_key_is_free_or_refused(
        self, shop: Stores, outcome: StoredOutcome | None
    ) -> None:
        await place(shop, replace(pending(ORDER), outcome=outcome))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_a_pending_order_whose_key_has_an_outcome(self, shop: Stores) -> None:
        await place(shop, replace(pending(ORDER), outcome=Succeeded(reference=ORDER.id)))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    @pytest.mark.parametrize("status", [OrderStatus.DECLINED, OrderStatus.EXPIRED])
    async def test_an_order_that_was_never_paid_and_is_remembered_as_if_it_was(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        first, last = sound_steps(status)
        await place(shop, replace(first, outcome=Succeeded(reference=ORDER.id)))
        await follow(shop, last)

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    @pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.SHIPPED])
    async def test_an_order_that_was_paid_and_is_remembered_as_refused(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        first, last = sound_steps(status)
        await place(shop, replace(first, outcome=Rejected(error=PaymentCancelled())))
        await follow(shop, last)

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_a_key_that_led_to_the_order_of_another_key(self, shop: Stores) -> None:
        second = order(ADA, "2", line("TEA", 1))
        await place(shop, bought(ORDER))
        await place(shop, replace(bought(second), outcome=Succeeded(reference=ORDER.id)))

        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(second.id)}),
            (
                7,
                "outcome-without-order",
                {"user_id": str(ADA.id), "reference": str(ORDER.id)},
            ),
        ]

    async def test_a_key_that_led_to_nothing_that_there_is(self, shop: Stores) -> None:
        nothing = an_id("nothing")
        await shop.change(lambda uow: settle(uow, "a-key", Succeeded(reference=nothing)))

        facts = {"user_id": str(ADA.id), "reference": str(nothing)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    @pytest.mark.parametrize(
        "made",
        [
            transfer(BOBS.id, ADAS.id, 5),
            transfer(ADJUSTMENTS, ADAS.id, 5, kind=TransferKind.WELCOME),
        ],
    )
    async def test_a_key_that_led_to_a_transfer_of_somebody_else(
        self, shop: Stores, made: Transfer
    ) -> None:
        async def work(uow: UnitOfWork) -> None:
            await settle(uow, "a-key", Succeeded(reference=made.id))
            await book(uow, (made,))

        await shop.change(work)

        facts = {"user_id": str(ADA.id), "reference": str(made.id)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    async def test_a_key_that_led_to_the_charge_of_an_order(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        reference = charge(ORDER).id
        await shop.change(lambda uow: settle(uow, "a-key", Succeeded(reference=reference)))

        facts = {"user_id": str(ADA.id), "reference": str(reference)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]


class TestHistory:
    async def test_a_first_event_that_is_not_the_first(self, shop: Stores) -> None:
        step = bought(ORDER)
        await place(shop, replace(step, event=replace(step.event, sequence=2)))

        order_id = str(ORDER.id)
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 1, "events": 1}),
            (
                10,
                "history-ends-elsewhere",
                {"order_id": order_id, "status": "paid", "to_status": None},
            ),
        ]

    async def test_a_gap_between_two_events(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        step = cancelled(ORDER)
        await follow(shop, replace(step, event=replace(step.event, sequence=3)))

        order_id = str(ORDER.id)
        joins = {
            "order_id": order_id,
            "sequence": 3,
            "from_status": "paid",
            "previous": None,
        }
        ends = {"order_id": order_id, "status": "cancelled", "to_status": None}
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 2, "events": 2}),
            (10, "history-does-not-join", joins),
            (10, "history-ends-elsewhere", ends),
        ]

    @pytest.mark.parametrize(("first", "last"), [(1, 3), (0, 2)])
    async def test_an_event_that_is_missing(self, shop: Stores, first: int, last: int) -> None:
        step = bought(replace(ORDER, version=last - 1))
        await place(shop, replace(step, event=replace(step.event, sequence=first)))
        await follow(shop, cancelled(step.order))

        order_id = str(ORDER.id)
        joins = {
            "order_id": order_id,
            "sequence": last,
            "from_status": "paid",
            "previous": None,
        }
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": last, "events": 2}),
            (10, "history-does-not-join", joins),
        ]

    async def test_more_steps_than_the_version_counts(self, shop: Stores) -> None:
        await place(shop, bought(replace(ORDER, version=2)))

        order_id = str(ORDER.id)
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 2, "events": 1}),
            (
                10,
                "history-ends-elsewhere",
                {"order_id": order_id, "status": "paid", "to_status": None},
            ),
        ]

    async def test_a_start_that_is_none(self, shop: Stores) -> None:
        event = replace(bought(ORDER).event, to_status="shipped")
        shipped = replace(ORDER, status=OrderStatus.SHIPPED)
        await place(shop, replace(bought(ORDER), order=shipped, event=event, handovers=SHIPMENT))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 1,
            "from_status": None,
            "to_status": "shipped",
        }
        assert await findings(shop) == [(10, "illegal-step", facts)]

    async def test_a_step_that_the_table_has_not(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        shipped, event = ORDER.transition_to(OrderStatus.SHIPPED, at=NOW, actor=Actor.ADMIN)
        delivered = replace(shipped, status=OrderStatus.DELIVERED)
        both = (*SHIPMENT, handover(ORDER, kind=ShipmentEventKind.DELIVERED))
        step = replace(bought(ORDER), order=delivered, transfers=(), on_hand={}, handovers=both)
        await follow(shop, replace(step, event=replace(event, to_status="delivered")))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 2,
            "from_status": "paid",
            "to_status": "delivered",
        }
        assert await findings(shop) == [(10, "illegal-step", facts)]

    @pytest.mark.parametrize("before", [None, "pending"])
    async def test_a_step_that_begins_elsewhere_than_the_last_one_ended(
        self, shop: Stores, before: str | None
    ) -> None:
        await place(shop, bought(ORDER))
        again = replace(ORDER, version=2)
        event = replace(bought(ORDER).event, sequence=2, from_status=before)
        await follow(shop, replace(bought(again), event=event, transfers=(), on_hand={}))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 2,
            "from_status": before,
            "previous": "paid",
        }
        assert await findings(shop) == [(10, "history-does-not-join", facts)]

    async def test_a_status_that_no_step_led_to(self, shop: Stores) -> None:
        shipped = replace(ORDER, status=OrderStatus.SHIPPED)
        await place(shop, replace(bought(ORDER), order=shipped, handovers=SHIPMENT))

        facts = {"order_id": str(ORDER.id), "status": "shipped", "to_status": "paid"}
        assert await findings(shop) == [(10, "history-ends-elsewhere", facts)]
