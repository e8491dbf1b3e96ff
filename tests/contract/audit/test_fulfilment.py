"""The audit finds what is wrong with handovers and refunds, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.idempotency_keys import Succeeded
from shop.application.ports.repositories.jobs import JobId, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.orders.refund import Refund, RefundLine, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import PaymentMethod
from tests.contract.audit.consistent_orders import (
    ORDER,
    OrderStep,
    charge,
    findings,
    paid,
    refund_transfer,
    refunded,
    store_customers_and_products,
    store_fulfilment,
    store_next_step,
    store_order,
    store_order_with_status,
    store_outcome,
    store_stock_movements,
    store_transfers,
    transfer_of,
)
from tests.contract.storage import Storage
from tests.factories import EUR, NOW, eur, line_quantities, refund, shipment_event

pytestmark = pytest.mark.anyio

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED
CLEARING = ShopAccount.CARD_CLEARING.account_id(EUR)

PART = refund(ORDER, 500)
BY_CARD = replace(
    paid(replace(ORDER, payment_method=PaymentMethod.CARD)),
    transfers=(charge(ORDER, debit_account_id=CLEARING),),
)
TO_CARD = replace(PART, to=PaymentMethod.CARD, status=RefundStatus.PENDING)


@pytest.fixture
async def shop(storage: Storage) -> Storage:
    return await store_customers_and_products(storage)


def lines(cancelled_quantity: int = 0, **quantities: int) -> tuple[RefundLine, ...]:
    return tuple(
        RefundLine(sku=sku, quantity=quantity, cancelled_quantity=cancelled_quantity)
        for sku, quantity in quantities.items()
    )


def shipment_of(name: str, kind: ShipmentEventKind, **quantities: int) -> ShipmentEvent:
    return shipment_event(ORDER, name, *line_quantities(**quantities), kind=kind)


def _restocking(step: OrderStep, **quantities: int) -> OrderStep:
    """Return a step under a version that no other movement has, for its goods alone."""
    later = replace(step.order, version=step.order.version + 7)
    return replace(step, order=later, on_hand=quantities, reserved={})


async def _store_refund(storage: Storage, made: Refund, **restocked: int) -> None:
    """Store a refund of `ORDER`, its transfer, and what it put back."""

    async def work(uow: UnitOfWork) -> None:
        moved = transfer_of(made)
        if made.to is PaymentMethod.CARD:
            moved = replace(moved, credit_account_id=CLEARING)
        await store_transfers(uow, (moved,))
        await store_stock_movements(uow, _restocking(paid(ORDER), **restocked))
        await store_fulfilment(uow, (), (made,))

    await storage.write(work)


async def _store_shipment_events(storage: Storage, *made: ShipmentEvent) -> None:
    await storage.write(lambda uow: store_fulfilment(uow, made, ()))


class TestConsistentShop:
    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_partly_refunded_and_restocked_order_passes(
        self, shop: Storage, status: OrderStatus
    ) -> None:
        await store_order_with_status(shop, status)
        await _store_refund(shop, replace(PART, lines=lines(TEA=1), restocked=True), TEA=1)
        await _store_refund(shop, refund(ORDER, 7, 2))

        assert await findings(shop) == []

    async def test_partly_refunded_order_without_restocking_passes(self, shop: Storage) -> None:
        await store_order_with_status(shop, OrderStatus.DELIVERED)
        await _store_refund(shop, replace(PART, lines=lines(TEA=1)))

        assert await findings(shop) == []

    async def test_fully_refunded_and_restocked_order_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        made = replace(refund(ORDER, 1_500), lines=lines(TEA=2, POT=1), restocked=True)
        whole = replace(refunded(ORDER), refunds=(made,), on_hand={"TEA": 2, "POT": 1})
        await store_next_step(shop, whole)

        assert await findings(shop) == []

    @pytest.mark.parametrize("made", [PART, TO_CARD])
    async def test_card_payment_refunded_to_card_or_account_passes(
        self, shop: Storage, made: Refund
    ) -> None:
        await store_order(shop, BY_CARD)
        await _store_refund(shop, made)

        assert await findings(shop) == []

    async def test_pending_card_refund_with_its_job_passes(self, shop: Storage) -> None:
        await store_order(shop, BY_CARD)
        await _store_refund(shop, TO_CARD)
        job = JobId(kind=JobKind.REFUND_PAYMENT, subject_id=TO_CARD.id)
        await shop.commit(lambda uow: uow.jobs.remove(job))

        facts = {"refund_id": str(TO_CARD.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(8, "refund-without-job", facts)]

    async def test_partly_shipped_and_delivered_order_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_shipment_events(
            shop, shipment_of("1", SHIPMENT, TEA=1), shipment_of("2", SHIPMENT, TEA=1)
        )
        await _store_shipment_events(shop, shipment_of("1", DELIVERY, TEA=2))

        assert await findings(shop) == []

    async def test_cancelled_quantity_that_is_not_shipped_passes(self, shop: Storage) -> None:
        shipped = await store_shipped_order(shop, shipment_of("1", SHIPMENT, TEA=2))
        await _store_refund(shop, replace(PART, lines=lines(cancelled_quantity=1, POT=1)))

        assert shipped.status is OrderStatus.SHIPPED
        assert await findings(shop) == []

    async def test_key_with_a_refund_as_outcome_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_refund(shop, PART)
        await shop.write(lambda uow: store_outcome(uow, "a-key", Succeeded(reference=PART.id)))

        assert await findings(shop) == []


async def store_shipped_order(storage: Storage, *shipped: ShipmentEvent) -> Order:
    """Store `ORDER` as shipped, with these shipments."""
    await store_order(storage, paid(ORDER))
    order, event = ORDER.transition_to(OrderStatus.SHIPPED, at=NOW, actor=Actor.ADMIN)
    step = replace(paid(ORDER), order=order, event=event, transfers=(), on_hand={})
    await store_next_step(storage, replace(step, shipment_events=shipped))
    return order


class TestRefunds:
    async def test_refund_without_a_transfer_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await shop.write(lambda uow: store_fulfilment(uow, (), (PART,)))

        assert await findings(shop) == [
            (4, "order-money-differs-from-refunds", _money(returned=0, refunded=500)),
            (4, "refund-differs-from-transfer", _moved(PART, None)),
        ]

    async def test_refund_with_another_amount_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        less = replace(transfer_of(PART), amount=eur(499))

        async def work(uow: UnitOfWork) -> None:
            await store_transfers(uow, (less,))
            await store_fulfilment(uow, (), (PART,))

        await shop.write(work)

        assert await findings(shop) == [
            (4, "order-money-differs-from-refunds", _money(returned=499, refunded=500)),
            (4, "refund-differs-from-transfer", _moved(PART, 499)),
        ]

    async def test_refund_with_a_transfer_of_another_order_is_reported(self, shop: Storage) -> None:
        # The sum is right.
        await store_order(shop, paid(ORDER))
        other = refund_transfer(ORDER, 500)

        async def work(uow: UnitOfWork) -> None:
            await store_transfers(uow, (other,))
            await store_fulfilment(uow, (), (PART,))

        await shop.write(work)

        facts = _moved(PART, None)
        assert await findings(shop) == [(4, "refund-differs-from-transfer", facts)]

    async def test_refund_to_the_account_with_money_on_the_card_is_reported(
        self, shop: Storage
    ) -> None:
        await store_order(shop, BY_CARD)

        async def work(uow: UnitOfWork) -> None:
            await store_transfers(uow, (replace(transfer_of(PART), credit_account_id=CLEARING),))
            await store_fulfilment(uow, (), (PART,))

        await shop.write(work)

        facts = {"transfer_id": str(PART.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-on-wrong-account", facts)]

    @pytest.mark.parametrize("made", [PART, TO_CARD])
    async def test_card_refund_of_an_order_not_paid_by_card_is_reported(
        self, shop: Storage, made: Refund
    ) -> None:
        await store_order(shop, paid(ORDER))
        await _store_refund(shop, replace(made, to=PaymentMethod.CARD))

        facts = {"transfer_id": str(made.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-on-wrong-account", facts)]

    async def test_card_payment_returned_to_the_account_without_a_refund_is_reported(
        self, shop: Storage
    ) -> None:
        await store_order(shop, BY_CARD)
        await shop.write(lambda uow: store_transfers(uow, (refund_transfer(ORDER, 500),)))

        facts = {"transfer_id": str(refund_transfer(ORDER, 500).id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [
            (4, "order-money-differs-from-refunds", _money(returned=500, refunded=0)),
            (4, "charge-on-wrong-account", facts),
        ]

    async def test_refunded_order_with_unrefunded_money_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        part = replace(refunded(ORDER), refunds=(PART,), transfers=(transfer_of(PART),))
        await store_next_step(shop, part)

        facts = {**_money(returned=500, refunded=500), "status": "refunded"}
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]

    async def test_paid_order_without_unrefunded_money_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_refund(shop, refund(ORDER, 1_500))

        facts = _money(returned=1_500, refunded=1_500)
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]

    async def test_refunded_order_with_excess_refunds_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        made = refund(ORDER, 1_501)
        whole = replace(refunded(ORDER), refunds=(made,), transfers=(transfer_of(made),))
        await store_next_step(shop, whole)

        facts = {**_money(returned=1_501, refunded=1_501), "status": "refunded"}
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]


class TestRestocking:
    @pytest.mark.parametrize("put_back", [0, 2])
    async def test_stock_unlike_the_refund_is_reported(self, shop: Storage, put_back: int) -> None:
        await store_order(shop, paid(ORDER))
        made = replace(PART, lines=lines(cancelled_quantity=1, TEA=1), restocked=True)
        await _store_refund(shop, made, TEA=put_back)

        facts = _taken(restocked=1, on_hand=put_back - 2)
        assert await findings(shop) == [(3, "stock-differs-from-order", facts)]

    async def test_stock_of_a_refund_without_restocking_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_refund(shop, replace(PART, lines=lines(cancelled_quantity=1, TEA=1)), TEA=1)

        facts = _taken(restocked=0, on_hand=-1)
        assert await findings(shop) == [(3, "stock-differs-from-order", facts)]


class TestShipmentEvents:
    async def test_shipping_more_than_ordered_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_shipment_events(shop, shipment_of("1", SHIPMENT, TEA=4))

        facts = _quantity_facts(shipped=4)
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    async def test_delivering_more_than_shipped_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_shipment_events(
            shop, shipment_of("1", SHIPMENT, TEA=1), shipment_of("1", DELIVERY, TEA=2)
        )

        facts = _quantity_facts(shipped=1, delivered=2)
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    async def test_shipping_an_unordered_product_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_shipment_events(shop, shipment_of("1", SHIPMENT, CUP=1))

        facts = {**_quantity_facts(shipped=1), "sku": "CUP", "ordered": 0}
        assert await findings(shop) == [(10, "quantity-exceeds-order", facts)]

    async def test_shipping_a_refunded_quantity_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_refund(shop, replace(PART, lines=lines(cancelled_quantity=1, TEA=1)))
        await _store_shipment_events(shop, shipment_of("1", SHIPMENT, TEA=2))

        facts = _quantity_facts(shipped=2, refunded=1, cancelled_quantity=1)
        assert (10, "quantity-exceeds-order", facts) in await findings(shop)

    async def test_refunding_more_than_ordered_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await _store_refund(shop, replace(PART, lines=lines(TEA=3)))

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
        await _store_shipment_events(shop, *made)

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


def _money(*, returned: int, refunded: int) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": "paid",
        "total": 1_500,
        "charged": 1_500,
        "returned": returned,
        "refunded": refunded,
    }


def _moved(made: Refund, amount: int | None) -> Mapping[str, Fact]:
    return {
        "refund_id": str(made.id),
        "order_id": str(ORDER.id),
        "amount": made.amount.amount,
        "returned": amount,
    }


def _taken(*, restocked: int, on_hand: int) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": "paid",
        "sku": "TEA",
        "quantity": 2,
        "restocked": restocked,
        "on_hand": on_hand,
        "reserved": 0,
    }


def _quantity_facts(**counted: int) -> Mapping[str, Fact]:
    none = dict.fromkeys(("shipped", "delivered", "refunded", "cancelled_quantity"), 0)
    return {"order_id": str(ORDER.id), "sku": "TEA", "ordered": 2, **none, **counted}
