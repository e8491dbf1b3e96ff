"""The audit of shipments and deliveries, and of consistent orders."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.repositories.jobs import JobId, JobKind
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.refund import Refund
from shop.domain.orders.shipment import ShipmentEvent
from tests.contract.audit.consistent_orders import (
    ORDER,
    findings,
    paid,
    refunded,
    store_next_step,
    store_order,
    store_order_with_status,
    store_outcome,
)
from tests.contract.audit.fulfilled_orders import (
    BY_CARD,
    DELIVERY,
    PART,
    SHIPMENT,
    TO_CARD,
    lines,
    shipment_of,
    store_refund,
    store_shipment_events,
    store_shipped_order,
)
from tests.contract.storage import Storage
from tests.factories import NOW, refund

pytestmark = pytest.mark.anyio


class TestConsistentShop:
    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_partly_refunded_and_restocked_order_passes(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        await store_order_with_status(shop, status)
        await store_refund(shop, replace(PART, lines=lines(TEA=1), restocked=True), TEA=1)
        await store_refund(shop, refund(ORDER, 7, 2))

        assert await findings(shop) == []

    async def test_partly_refunded_order_without_restocking_passes(self, shop: Storage) -> None:
        await store_order_with_status(shop, OrderStatus.DELIVERED)
        await store_refund(shop, replace(PART, lines=lines(TEA=1)))

        assert await findings(shop) == []

    async def test_fully_refunded_and_restocked_order_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        whole_refund = replace(refund(ORDER, 1_500), lines=lines(TEA=2, POT=1), restocked=True)
        whole = replace(refunded(ORDER), refunds=(whole_refund,), on_hand={"TEA": 2, "POT": 1})
        await store_next_step(shop, whole)

        assert await findings(shop) == []

    @pytest.mark.parametrize("made", [PART, TO_CARD])
    async def test_card_payment_refunded_to_card_or_account_passes(
        self, shop: Storage, made: Refund
    ) -> None:
        await store_order(shop, BY_CARD)
        await store_refund(shop, made)

        assert await findings(shop) == []

    async def test_pending_card_refund_with_its_job_passes(self, shop: Storage) -> None:
        await store_order(shop, BY_CARD)
        await store_refund(shop, TO_CARD)
        job = JobId(kind=JobKind.REFUND_PAYMENT, subject_id=TO_CARD.id)
        await shop.commit(lambda uow: uow.jobs.remove(job))

        facts = {"refund_id": str(TO_CARD.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(8, "refund-without-job", facts)]

    async def test_partly_shipped_and_delivered_order_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_shipment_events(
            shop, shipment_of("1", SHIPMENT, TEA=1), shipment_of("2", SHIPMENT, TEA=1)
        )
        await store_shipment_events(shop, shipment_of("1", DELIVERY, TEA=2))

        assert await findings(shop) == []

    async def test_cancelled_quantity_that_is_not_shipped_passes(self, shop: Storage) -> None:
        shipped = await store_shipped_order(shop, shipment_of("1", SHIPMENT, TEA=2))
        await store_refund(shop, replace(PART, lines=lines(cancelled_quantity=1, POT=1)))

        assert shipped.status is OrderStatus.SHIPPED
        assert await findings(shop) == []

    async def test_key_with_a_refund_as_outcome_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_refund(shop, PART)
        await shop.write(lambda uow: store_outcome(uow, "a-key", Succeeded(reference=PART.id)))

        assert await findings(shop) == []


class TestShipmentEvents:
    async def test_shipping_more_than_ordered_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_shipment_events(shop, shipment_of("1", SHIPMENT, TEA=4))

        facts = _quantity_facts(shipped=4)
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    async def test_delivering_more_than_shipped_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_shipment_events(
            shop, shipment_of("1", SHIPMENT, TEA=1), shipment_of("1", DELIVERY, TEA=2)
        )

        facts = _quantity_facts(shipped=1, delivered=2)
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    async def test_shipping_an_unordered_product_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_shipment_events(shop, shipment_of("1", SHIPMENT, CUP=1))

        facts = {**_quantity_facts(shipped=1), "sku": "CUP", "ordered": 0}
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    async def test_shipping_a_refunded_quantity_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_refund(shop, replace(PART, lines=lines(cancelled_quantity=1, TEA=1)))
        await store_shipment_events(shop, shipment_of("1", SHIPMENT, TEA=2))

        facts = _quantity_facts(shipped=2, refunded=1, cancelled_quantity=1)
        assert (10, "quantity-exceeds-order", facts) in await findings(shop)

    async def test_refunding_more_than_ordered_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_refund(shop, replace(PART, lines=lines(TEA=3)))

        facts = _quantity_facts(refunded=3)
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    @pytest.mark.parametrize(
        ("status", "made"),
        [
            (OrderStatus.PAID, (shipment_of("9", SHIPMENT, TEA=2, POT=1),)),
            (OrderStatus.SHIPPED, (shipment_of("9", DELIVERY, TEA=2, POT=1),)),
            (OrderStatus.PENDING, (shipment_of("9", SHIPMENT, TEA=1),)),
            (OrderStatus.EXPIRED, (shipment_of("9", SHIPMENT, TEA=1),)),
            (OrderStatus.CANCELLED, (shipment_of("9", SHIPMENT, TEA=1),)),
        ],
    )
    async def test_status_unlike_the_shipments_is_reported(
        self, shop: Storage, status: OrderStatus, made: tuple[ShipmentEvent, ...]
    ) -> None:
        await store_order_with_status(shop, status)
        await store_shipment_events(shop, *made)

        ((number, rule, facts),) = await findings(shop)
        assert (number, rule, facts["status"]) == (
            10,
            "status-differs-from-shipments",
            status.value,
        )

    @pytest.mark.parametrize(
        "shipped",
        [
            (shipment_of("1", SHIPMENT, TEA=2),),
            (shipment_of("1", SHIPMENT, POT=1), shipment_of("1", DELIVERY, POT=1)),
        ],
    )
    async def test_shipped_order_without_shipments_is_reported(
        self, shop: Storage, shipped: tuple[ShipmentEvent, ...]
    ) -> None:
        await store_shipped_order(shop, *shipped)

        ((number, rule, facts),) = await findings(shop)
        assert (number, rule, facts["status"]) == (10, "status-differs-from-shipments", "shipped")

    async def test_delivered_order_without_deliveries_is_reported(self, shop: Storage) -> None:
        shipped = await store_shipped_order(shop, shipment_of("1", SHIPMENT, TEA=2, POT=1))
        order, event = shipped.transition_to(OrderStatus.DELIVERED, at=NOW, actor=Actor.ADMIN)
        step = replace(paid(ORDER), order=order, event=event, transfers=(), on_hand={})
        await store_next_step(
            shop, replace(step, shipment_events=(shipment_of("1", DELIVERY, TEA=1),))
        )

        facts = {
            "order_id": str(ORDER.id),
            "status": "delivered",
            "ordered": 3,
            "shipped": 3,
            "delivered": 1,
            "cancelled_quantity": 0,
        }
        assert await findings(shop) == [(10, "status-differs-from-shipments", facts)]


def _quantity_facts(**counted: int) -> Mapping[str, Fact]:
    none = dict.fromkeys(("shipped", "delivered", "refunded", "cancelled_quantity"), 0)
    return {"order_id": str(ORDER.id), "sku": "TEA", "ordered": 2, **none, **counted}
