"""The audit finds what is wrong with sessions, keys and histories, and nothing else."""

from dataclasses import replace
from uuid import UUID

import pytest

from shop.application.ports.repositories.idempotency_keys import Rejected, StoredOutcome, Succeeded
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import Transfer, TransferKind
from shop.domain.cart import EmptyCart
from shop.domain.catalogue.product_image import id_at
from shop.domain.catalogue.product_import import ProductImport
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.shipment import ShipmentEventKind
from shop.domain.payment import PaymentCancelled
from shop.domain.pricing.promotions.made_codes import MadeCodes
from shop.domain.user import User
from tests.contract.audit.consistent_orders import (
    ADA,
    ADA_ACCOUNT,
    BOB,
    BOB_ACCOUNT,
    NO_OUTCOME_YET,
    ORDER,
    cancelled,
    charge,
    findings,
    paid,
    pending,
    steps_to,
    store_next_step,
    store_order,
    store_outcome,
    store_transfers,
)
from tests.contract.storage import Storage
from tests.factories import (
    ADJUSTMENTS,
    NOW,
    claim,
    claim_keys,
    id_of,
    line,
    order,
    session,
    shipment_event,
    transfer,
)

pytestmark = pytest.mark.anyio

SHIPMENT = (shipment_event(ORDER, kind=ShipmentEventKind.SHIPPED),)


class TestSessions:
    @pytest.mark.parametrize("user_id", [BOB.id, None])
    async def test_session_with_the_order_of_another_user_is_reported(
        self, shop: Storage, user_id: UUID | None
    ) -> None:
        await store_order(shop, paid(ORDER))
        foreign = session("1", user_id=user_id, last_order_id=ORDER.id)
        await shop.commit(lambda uow: uow.sessions.create(foreign))

        facts = {"session_id": str(foreign.id), "last_order_id": str(ORDER.id)}
        assert await findings(shop) == [(6, "session-with-foreign-order", facts)]

    async def test_session_with_a_missing_order_is_reported(self, shop: Storage) -> None:
        lost = session("1", user_id=ADA.id, last_order_id=ORDER.id)
        await shop.commit(lambda uow: uow.sessions.create(lost))

        facts = {"session_id": str(lost.id), "last_order_id": str(ORDER.id)}
        assert await findings(shop) == [(6, "session-with-foreign-order", facts)]


class TestKeys:
    @pytest.mark.parametrize("outcome", [None, Rejected(error=EmptyCart())])
    async def test_paid_order_without_outcome_of_its_key_is_reported(
        self, shop: Storage, outcome: StoredOutcome | None
    ) -> None:
        await store_order(shop, replace(paid(ORDER), outcome=outcome))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_paid_order_with_a_pending_key_is_reported(self, shop: Storage) -> None:
        await store_order(shop, replace(paid(ORDER), outcome=NO_OUTCOME_YET))

        waits = {"user_id": str(ADA.id), "key": ORDER.idempotency_key.value}
        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(ORDER.id)}),
            (7, "key-without-outcome", waits),
        ]

    async def test_order_recorded_under_the_key_of_another_is_reported(self, shop: Storage) -> None:
        bobs = claim(BOB, ORDER.idempotency_key.value)

        async def work(uow: UnitOfWork) -> None:
            await claim_keys(uow, [bobs])
            uow.idempotency_keys.complete(bobs.id, Succeeded(reference=ORDER.id))

        await shop.write(work)
        await store_order(shop, replace(paid(ORDER), outcome=None))

        facts = {"user_id": str(BOB.id), "reference": str(ORDER.id)}
        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(ORDER.id)}),
            (7, "outcome-without-order", facts),
        ]

    async def test_key_without_outcome_and_order_is_reported(self, shop: Storage) -> None:
        # Under another key, one waits.
        await store_order(shop, pending(ORDER))
        await shop.write(lambda uow: store_outcome(uow, "a-key", NO_OUTCOME_YET))

        facts = {"user_id": str(ADA.id), "key": "a-key"}
        assert await findings(shop) == [(7, "key-without-outcome", facts)]

    async def test_key_pending_for_another_customer_is_reported(self, shop: Storage) -> None:
        await store_order(shop, pending(ORDER))
        await shop.write(lambda uow: claim_keys(uow, [claim(BOB, ORDER.idempotency_key.value)]))

        facts = {"user_id": str(BOB.id), "key": ORDER.idempotency_key.value}
        assert await findings(shop) == [(7, "key-without-outcome", facts)]

    @pytest.mark.parametrize("outcome", [None, Rejected(error=EmptyCart())])
    async def test_pending_order_with_a_free_or_rejected_key_is_reported(
        self, shop: Storage, outcome: StoredOutcome | None
    ) -> None:
        await store_order(shop, replace(pending(ORDER), outcome=outcome))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_pending_order_with_a_completed_key_is_reported(self, shop: Storage) -> None:
        await store_order(shop, replace(pending(ORDER), outcome=Succeeded(reference=ORDER.id)))

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    @pytest.mark.parametrize("status", [OrderStatus.DECLINED, OrderStatus.EXPIRED])
    async def test_unpaid_order_recorded_as_paid_is_reported(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        first, last = steps_to(status)
        await store_order(shop, replace(first, outcome=Succeeded(reference=ORDER.id)))
        await store_next_step(shop, last)

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    @pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.SHIPPED])
    async def test_paid_order_recorded_as_rejected_is_reported(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        first, last = steps_to(status)
        await store_order(shop, replace(first, outcome=Rejected(error=PaymentCancelled())))
        await store_next_step(shop, last)

        facts = {"order_id": str(ORDER.id)}
        assert await findings(shop) == [(7, "order-without-outcome", facts)]

    async def test_key_with_the_order_of_another_key_is_reported(self, shop: Storage) -> None:
        second = order(ADA, "2", line("TEA", 1))
        await store_order(shop, paid(ORDER))
        await store_order(shop, replace(paid(second), outcome=Succeeded(reference=ORDER.id)))

        assert await findings(shop) == [
            (7, "order-without-outcome", {"order_id": str(second.id)}),
            (
                7,
                "outcome-without-order",
                {"user_id": str(ADA.id), "reference": str(ORDER.id)},
            ),
        ]

    async def test_key_with_a_missing_outcome_is_reported(self, shop: Storage) -> None:
        nothing = id_of("nothing")
        await shop.write(lambda uow: store_outcome(uow, "a-key", Succeeded(reference=nothing)))

        facts = {"user_id": str(ADA.id), "reference": str(nothing)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    @pytest.mark.parametrize(
        "made",
        [
            transfer(BOB_ACCOUNT.id, ADA_ACCOUNT.id, 5),
            transfer(ADJUSTMENTS, ADA_ACCOUNT.id, 5, kind=TransferKind.WELCOME),
        ],
    )
    async def test_key_with_the_transfer_of_another_user_is_reported(
        self, shop: Storage, made: Transfer
    ) -> None:
        async def work(uow: UnitOfWork) -> None:
            await store_outcome(uow, "a-key", Succeeded(reference=made.id))
            await store_transfers(uow, (made,))

        await shop.write(work)

        facts = {"user_id": str(ADA.id), "reference": str(made.id)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]

    async def test_key_of_codes_is_right(self, shop: Storage) -> None:
        made = MadeCodes.of([], at=NOW, random_id=id_of("codes"))
        await shop.write(lambda uow: store_outcome(uow, "a-key", Succeeded(reference=made.id)))

        assert await findings(shop) == []

    async def test_key_of_an_image_is_right_although_the_image_is_gone(self, shop: Storage) -> None:
        image_id = id_at(id_of("image"), 3)
        await shop.write(lambda uow: store_outcome(uow, "a-key", Succeeded(reference=image_id)))

        assert await findings(shop) == []

    @pytest.mark.parametrize("owner", [ADA, BOB])
    async def test_key_of_an_import_is_right_if_it_is_of_the_same_user(
        self, shop: Storage, owner: User
    ) -> None:
        begun = ProductImport.new(id_of("import"), owner.id, dry_run=False, at=NOW)

        async def work(uow: UnitOfWork) -> None:
            await store_outcome(uow, "a-key", Succeeded(reference=begun.id))
            uow.imports.add(begun)

        await shop.write(work)

        facts = {"user_id": str(ADA.id), "reference": str(begun.id)}
        wrong = [] if owner is ADA else [(7, "outcome-without-order", facts)]
        assert await findings(shop) == wrong

    async def test_key_with_the_charge_of_an_order_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        reference = charge(ORDER).id
        await shop.write(lambda uow: store_outcome(uow, "a-key", Succeeded(reference=reference)))

        facts = {"user_id": str(ADA.id), "reference": str(reference)}
        assert await findings(shop) == [(7, "outcome-without-order", facts)]


class TestHistory:
    async def test_history_with_a_wrong_first_number_is_reported(self, shop: Storage) -> None:
        step = paid(ORDER)
        await store_order(shop, replace(step, event=replace(step.event, sequence=2)))

        order_id = str(ORDER.id)
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 1, "events": 1}),
            (
                10,
                "history-differs-from-status",
                {"order_id": order_id, "status": "paid", "to_status": None},
            ),
        ]

    async def test_history_with_a_gap_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        step = cancelled(ORDER)
        await store_next_step(shop, replace(step, event=replace(step.event, sequence=3)))

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
            (10, "history-not-continuous", joins),
            (10, "history-differs-from-status", ends),
        ]

    @pytest.mark.parametrize(("first", "last"), [(1, 3), (0, 2)])
    async def test_history_with_a_missing_step_is_reported(
        self, shop: Storage, first: int, last: int
    ) -> None:
        step = paid(replace(ORDER, version=last - 1))
        await store_order(shop, replace(step, event=replace(step.event, sequence=first)))
        await store_next_step(shop, cancelled(step.order))

        order_id = str(ORDER.id)
        joins = {
            "order_id": order_id,
            "sequence": last,
            "from_status": "paid",
            "previous": None,
        }
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": last, "events": 2}),
            (10, "history-not-continuous", joins),
        ]

    async def test_history_longer_than_the_version_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(replace(ORDER, version=2)))

        order_id = str(ORDER.id)
        assert await findings(shop) == [
            (10, "history-has-gaps", {"order_id": order_id, "version": 2, "events": 1}),
            (
                10,
                "history-differs-from-status",
                {"order_id": order_id, "status": "paid", "to_status": None},
            ),
        ]

    async def test_history_with_an_illegal_start_is_reported(self, shop: Storage) -> None:
        event = replace(paid(ORDER).event, to_status="shipped")
        shipped = replace(ORDER, status=OrderStatus.SHIPPED)
        await store_order(
            shop, replace(paid(ORDER), order=shipped, event=event, shipment_events=SHIPMENT)
        )

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 1,
            "from_status": None,
            "to_status": "shipped",
        }
        assert await findings(shop) == [(10, "illegal-transition", facts)]

    async def test_history_with_an_illegal_transition_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        shipped, event = ORDER.transition_to(OrderStatus.SHIPPED, at=NOW, actor=Actor.ADMIN)
        delivered = replace(shipped, status=OrderStatus.DELIVERED)
        both = (*SHIPMENT, shipment_event(ORDER, kind=ShipmentEventKind.DELIVERED))
        step = replace(paid(ORDER), order=delivered, transfers=(), on_hand={}, shipment_events=both)
        await store_next_step(shop, replace(step, event=replace(event, to_status="delivered")))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 2,
            "from_status": "paid",
            "to_status": "delivered",
        }
        assert await findings(shop) == [(10, "illegal-transition", facts)]

    @pytest.mark.parametrize("before", [None, "pending"])
    async def test_history_with_discontinuous_steps_is_reported(
        self, shop: Storage, before: str | None
    ) -> None:
        await store_order(shop, paid(ORDER))
        again = replace(ORDER, version=2)
        event = replace(paid(ORDER).event, sequence=2, from_status=before)
        await store_next_step(shop, replace(paid(again), event=event, transfers=(), on_hand={}))

        facts = {
            "order_id": str(ORDER.id),
            "sequence": 2,
            "from_status": before,
            "previous": "paid",
        }
        assert await findings(shop) == [(10, "history-not-continuous", facts)]

    async def test_status_without_a_matching_step_is_reported(self, shop: Storage) -> None:
        shipped = replace(ORDER, status=OrderStatus.SHIPPED)
        await store_order(shop, replace(paid(ORDER), order=shipped, shipment_events=SHIPMENT))

        facts = {"order_id": str(ORDER.id), "status": "shipped", "to_status": "paid"}
        assert await findings(shop) == [(10, "history-differs-from-status", facts)]
