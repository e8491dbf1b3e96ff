"""Orders are shipped and delivered, whole or in parts; where they stand follows from that."""

import asyncio
from contextlib import suppress

import pytest

from shop.application.checkout.placed_order import PlacedOrder
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown, TransientFailure
from shop.domain.orders.fulfilment import OrderPartlyFulfilled, PaymentNotCaptured
from shop.domain.orders.order import Actor, OrderNotFound, OrderStatus
from shop.domain.orders.shipment import (
    ExcessQuantity,
    QuantityExceedsOrder,
    ShipmentEvent,
    ShipmentEventKind,
)
from shop.domain.payment import CardDeclined, PaymentStatus
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import ShopError
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import Forbidden
from tests.application.memory_shop import MemoryShop, place_order
from tests.factories import NOW, id_of

pytestmark = pytest.mark.anyio

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED


def record_shipment_event(
    token: SessionToken | None,
    placed: PlacedOrder,
    kind: ShipmentEventKind,
    *lines: tuple[str, int],
) -> RecordShipmentEvent:
    return RecordShipmentEvent(
        session=token,
        order_id=placed.order.id,
        kind=kind,
        lines=tuple(LineQuantity(sku=sku, quantity=quantity) for sku, quantity in lines),
    )


async def _record(shop: MemoryShop, command: RecordShipmentEvent) -> ShipmentEvent:
    return (await shop.container.fulfil_orders().record(command)).unwrap()


def _status(shop: MemoryShop, placed: PlacedOrder) -> OrderStatus:
    return shop.state.orders.rows[placed.order.id].status


def _steps(shop: MemoryShop, placed: PlacedOrder) -> list[tuple[str, str]]:
    return [
        (event.to_status, event.actor)
        for (order_id, _), event in sorted(shop.state.status_changes.rows.items())
        if order_id == placed.order.id
    ]


class TestAWholeOrder:
    async def test_is_shipped_and_then_delivered(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        shipment = await _record(shop, record_shipment_event(admin, placed, SHIPMENT))
        assert _status(shop, placed) is OrderStatus.SHIPPED
        delivery = await _record(shop, record_shipment_event(admin, placed, DELIVERY))

        assert _status(shop, placed) is OrderStatus.DELIVERED
        all_of_it = (LineQuantity(sku="TEA", quantity=2), LineQuantity(sku="COFFEE", quantity=1))
        assert (shipment.lines, delivery.lines) == (all_of_it, all_of_it)
        assert (shipment.actor, shipment.created_at) == (Actor.ADMIN, NOW)
        assert shop.state.shipment_events.rows == {shipment.id: shipment, delivery.id: delivery}
        assert _steps(shop, placed) == [
            ("paid", "customer"),
            ("shipped", "admin"),
            ("delivered", "admin"),
        ]
        assert await shop.audit_violations() == []

    async def test_moves_neither_money_nor_stock(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        before = (shop.balance("ada"), shop.stock_of("TEA"), shop.state.transfers)

        await _record(shop, record_shipment_event(admin, placed, SHIPMENT))

        assert (shop.balance("ada"), shop.stock_of("TEA"), shop.state.transfers) == before


class TestPartOfAnOrder:
    async def test_stays_paid_until_the_last_unit_is_shipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1)))
        assert _status(shop, placed) is OrderStatus.PAID
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT, ("COFFEE", 1)))
        assert _status(shop, placed) is OrderStatus.PAID

        last = await _record(shop, record_shipment_event(admin, placed, SHIPMENT))

        assert last.lines == (LineQuantity(sku="TEA", quantity=1),)
        assert _status(shop, placed) is OrderStatus.SHIPPED
        assert await shop.audit_violations() == []

    async def test_may_be_delivered_before_the_rest_is_shipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 2)))
        await _record(shop, record_shipment_event(admin, placed, DELIVERY))
        assert _status(shop, placed) is OrderStatus.PAID
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT))
        assert _status(shop, placed) is OrderStatus.SHIPPED

        await _record(shop, record_shipment_event(admin, placed, DELIVERY))

        assert _status(shop, placed) is OrderStatus.DELIVERED
        assert await shop.audit_violations() == []

    async def test_that_is_delivered_stays_shipped_until_the_last_unit_is(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT))
        await _record(shop, record_shipment_event(admin, placed, DELIVERY, ("TEA", 2)))
        assert _status(shop, placed) is OrderStatus.SHIPPED

        await _record(shop, record_shipment_event(admin, placed, DELIVERY, ("COFFEE", 1)))

        assert _status(shop, placed) is OrderStatus.DELIVERED

    async def test_may_name_a_product_twice(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        shipment_event = await _record(
            shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1), ("TEA", 1))
        )

        assert shipment_event.lines == (LineQuantity(sku="TEA", quantity=2),)

    async def test_shipped_at_once_by_many_leaves_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        commands = [record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1)) for _ in range(4)]
        responses = await asyncio.gather(
            *(_record(shop, each) for each in commands), return_exceptions=True
        )

        excess = QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=1, remaining=0),))
        assert [each for each in responses if isinstance(each, Exception)] == [excess, excess]
        assert len(shop.state.shipment_events.rows) == 2


class TestRejections:
    @pytest.mark.parametrize(
        ("lines", "excesses"),
        [
            ([("TEA", 3)], [ExcessQuantity(sku="TEA", requested=3, remaining=2)]),
            (
                [("CUP", 1), ("TEA", 2), ("COFFEE", 2)],
                [
                    ExcessQuantity(sku="CUP", requested=1, remaining=0),
                    ExcessQuantity(sku="COFFEE", requested=2, remaining=1),
                ],
            ),
        ],
    )
    async def test_shipping_more_than_ordered_is_rejected(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        lines: list[tuple[str, int]],
        excesses: list[ExcessQuantity],
    ) -> None:
        rejection = QuantityExceedsOrder(lines=tuple(excesses))
        await _assert_rejected(
            shop, record_shipment_event(admin, placed, SHIPMENT, *lines), rejection
        )

    async def test_delivering_more_than_shipped_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        none_shipped = IllegalTransition(current="paid", target="delivered")
        await _assert_rejected(shop, record_shipment_event(admin, placed, DELIVERY), none_shipped)
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1)))

        rejection = QuantityExceedsOrder(
            lines=(ExcessQuantity(sku="TEA", requested=2, remaining=1),)
        )
        await _assert_rejected(
            shop, record_shipment_event(admin, placed, DELIVERY, ("TEA", 2)), rejection
        )

    async def test_second_shipment_or_delivery_is_rejected(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        for kind, status in ((SHIPMENT, "shipped"), (DELIVERY, "delivered")):
            await _record(shop, record_shipment_event(admin, placed, kind))
            again = IllegalTransition(current=status, target=status)
            await _assert_rejected(shop, record_shipment_event(admin, placed, kind), again)
            await _assert_rejected(
                shop, record_shipment_event(admin, placed, kind, ("TEA", 1)), again
            )

    @pytest.mark.parametrize("kind", ShipmentEventKind)
    async def test_cancelled_order_cannot_be_shipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder, kind: ShipmentEventKind
    ) -> None:
        cancel = CancelOrder(session=admin, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(cancel)

        after = {SHIPMENT: "shipped", DELIVERY: "delivered"}[kind]
        rejection = IllegalTransition(current="cancelled", target=after)
        await _assert_rejected(shop, record_shipment_event(admin, placed, kind), rejection)
        await _assert_rejected(
            shop, record_shipment_event(admin, placed, kind, ("TEA", 1)), rejection
        )

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_declined"])
    async def test_order_with_an_unpaid_card_cannot_be_shipped(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, card: str
    ) -> None:
        command = place_order(ada_token, ("TEA", 2), card=card)
        with suppress(CardDeclined):
            await shop.check_out(command)
        (order,) = shop.state.orders.rows.values()

        rejection = IllegalTransition(current=order.status.value, target="shipped")
        ship = RecordShipmentEvent(session=admin, order_id=order.id, kind=SHIPMENT, lines=())
        await _assert_rejected(shop, ship, rejection)

    async def test_card_order_cannot_be_shipped_before_its_capture(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken
    ) -> None:
        placed = await shop.check_out(place_order(ada_token, ("TEA", 2), card="tok_visa"))
        assert placed.payment.status is PaymentStatus.AUTHORISED
        await _assert_rejected(
            shop, record_shipment_event(admin, placed, SHIPMENT), PaymentNotCaptured()
        )
        await shop.run_jobs()

        await _record(shop, record_shipment_event(admin, placed, SHIPMENT))

        assert _status(shop, placed) is OrderStatus.SHIPPED
        assert await shop.audit_violations() == []

    async def test_partly_shipped_order_cannot_be_cancelled(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await _record(shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1)))
        before = shop.state

        with pytest.raises(OrderPartlyFulfilled):
            await shop.container.cancel_orders().cancel(
                CancelOrder(session=ada_token, order_id=placed.order.id)
            )

        assert shop.state == before

    async def test_customers_cannot_ship_and_unknown_orders_are_not_found(
        self, shop: MemoryShop, admin: SessionToken, ada_token: SessionToken, placed: PlacedOrder
    ) -> None:
        await _assert_rejected(shop, record_shipment_event(None, placed, SHIPMENT), NotSignedIn())
        await _assert_rejected(
            shop, record_shipment_event(ada_token, placed, SHIPMENT), Forbidden(role="admin")
        )
        nothing = RecordShipmentEvent(
            session=admin, order_id=id_of("none"), kind=SHIPMENT, lines=()
        )
        await _assert_rejected(shop, nothing, OrderNotFound())


class TestFailures:
    @pytest.mark.parametrize(
        "fault",
        [
            ("commit", TransientFailure("conflict")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_interrupted_shipment_happens_once(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        fault: tuple[str, Exception],
    ) -> None:
        shop.faults.plan(fault)

        shipment_event = await _record(
            shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1))
        )

        assert shop.state.shipment_events.rows == {shipment_event.id: shipment_event}

    async def test_failed_commit_changes_nothing(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        before = shop.state
        shop.faults.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await _record(shop, record_shipment_event(admin, placed, SHIPMENT))

        assert shop.state == before


async def test_customers_see_shipments_and_deliveries(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    first = await _record(shop, record_shipment_event(admin, placed, SHIPMENT, ("TEA", 1)))
    arrival = await _record(shop, record_shipment_event(admin, placed, DELIVERY))
    second = await _record(shop, record_shipment_event(admin, placed, SHIPMENT))
    await shop.customer("bob")
    consult = shop.container.order_queries()

    ada, order_id = shop.user("ada"), placed.order.id
    assert await consult.shipment_events(ada, order_id, SHIPMENT) == [first, second]
    assert await consult.shipment_events(ada, order_id, DELIVERY) == [arrival]
    assert await consult.shipment_events(shop.user("root"), order_id, DELIVERY) == [arrival]
    for seen in (
        consult.shipment_events(shop.user("bob"), order_id, SHIPMENT),
        consult.refunds(shop.user("bob"), order_id),
    ):
        with pytest.raises(OrderNotFound):
            await seen


async def _assert_rejected(
    shop: MemoryShop, command: RecordShipmentEvent, error: ShopError
) -> None:
    before = shop.state

    with pytest.raises(type(error)) as rejection:
        await _record(shop, command)

    assert rejection.value == error
    assert shop.state == before
