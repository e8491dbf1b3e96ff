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
    LineQuantity,
    QuantityExceedsOrder,
    ShipmentEvent,
    ShipmentEventKind,
)
from shop.domain.payment import CardDeclined, PaymentStatus
from shop.domain.session import NotSignedIn
from shop.domain.shared.errors import ShopError
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import Forbidden
from tests.factories import NOW, an_id
from tests.unit.application.memory_shop import MemoryShop, place_order

pytestmark = pytest.mark.anyio

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED


@pytest.fixture
async def adas(shop: MemoryShop, admin: SessionToken) -> SessionToken:
    del admin
    return await shop.customer("ada")


@pytest.fixture
async def placed(shop: MemoryShop, adas: SessionToken) -> PlacedOrder:
    """Give an order of Ada's: two of tea and one of coffee, for 300."""
    return await shop.placed(place_order(adas, ("TEA", 2), ("COFFEE", 1)))


def hand_over(
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


async def _hand(shop: MemoryShop, command: RecordShipmentEvent) -> ShipmentEvent:
    return await shop.container.fulfil_orders().record(command)


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
        shipment = await _hand(shop, hand_over(admin, placed, SHIPMENT))
        assert _status(shop, placed) is OrderStatus.SHIPPED
        delivery = await _hand(shop, hand_over(admin, placed, DELIVERY))

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
        assert await shop.findings() == []

    async def test_moves_neither_money_nor_stock(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        before = (shop.balance("ada"), shop.stock_of("TEA"), shop.state.transfers)

        await _hand(shop, hand_over(admin, placed, SHIPMENT))

        assert (shop.balance("ada"), shop.stock_of("TEA"), shop.state.transfers) == before


class TestPartOfAnOrder:
    async def test_leaves_it_paid_until_the_last_piece_has_left(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 1)))
        assert _status(shop, placed) is OrderStatus.PAID
        await _hand(shop, hand_over(admin, placed, SHIPMENT, ("COFFEE", 1)))
        assert _status(shop, placed) is OrderStatus.PAID

        last = await _hand(shop, hand_over(admin, placed, SHIPMENT))

        assert last.lines == (LineQuantity(sku="TEA", quantity=1),)
        assert _status(shop, placed) is OrderStatus.SHIPPED
        assert await shop.findings() == []

    async def test_may_arrive_before_the_rest_has_left(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 2)))
        await _hand(shop, hand_over(admin, placed, DELIVERY))
        assert _status(shop, placed) is OrderStatus.PAID
        await _hand(shop, hand_over(admin, placed, SHIPMENT))
        assert _status(shop, placed) is OrderStatus.SHIPPED

        await _hand(shop, hand_over(admin, placed, DELIVERY))

        assert _status(shop, placed) is OrderStatus.DELIVERED
        assert await shop.findings() == []

    async def test_that_arrives_leaves_it_shipped_until_the_last_piece_has(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        await _hand(shop, hand_over(admin, placed, SHIPMENT))
        await _hand(shop, hand_over(admin, placed, DELIVERY, ("TEA", 2)))
        assert _status(shop, placed) is OrderStatus.SHIPPED

        await _hand(shop, hand_over(admin, placed, DELIVERY, ("COFFEE", 1)))

        assert _status(shop, placed) is OrderStatus.DELIVERED

    async def test_may_name_a_product_twice(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        handover = await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 1), ("TEA", 1)))

        assert handover.lines == (LineQuantity(sku="TEA", quantity=2),)

    async def test_shipped_at_once_by_many_leaves_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        commands = [hand_over(admin, placed, SHIPMENT, ("TEA", 1)) for _ in range(4)]
        answers = await asyncio.gather(
            *(_hand(shop, each) for each in commands), return_exceptions=True
        )

        gone = QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=1, remaining=0),))
        assert [each for each in answers if isinstance(each, Exception)] == [gone, gone]
        assert len(shop.state.shipment_events.rows) == 2


class TestRefusals:
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
    async def test_no_more_is_shipped_than_was_ordered(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        lines: list[tuple[str, int]],
        excesses: list[ExcessQuantity],
    ) -> None:
        refusal = QuantityExceedsOrder(lines=tuple(excesses))
        await _refused(shop, hand_over(admin, placed, SHIPMENT, *lines), refusal)

    async def test_no_more_arrives_than_was_shipped(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        none_shipped = IllegalTransition(current="paid", target="delivered")
        await _refused(shop, hand_over(admin, placed, DELIVERY), none_shipped)
        await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 1)))

        refusal = QuantityExceedsOrder(lines=(ExcessQuantity(sku="TEA", requested=2, remaining=1),))
        await _refused(shop, hand_over(admin, placed, DELIVERY, ("TEA", 2)), refusal)

    async def test_what_was_shipped_or_has_arrived_does_so_once(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        for kind, status in ((SHIPMENT, "shipped"), (DELIVERY, "delivered")):
            await _hand(shop, hand_over(admin, placed, kind))
            again = IllegalTransition(current=status, target=status)
            await _refused(shop, hand_over(admin, placed, kind), again)
            await _refused(shop, hand_over(admin, placed, kind, ("TEA", 1)), again)

    @pytest.mark.parametrize("kind", ShipmentEventKind)
    async def test_what_is_cancelled_goes_nowhere(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder, kind: ShipmentEventKind
    ) -> None:
        cancel = CancelOrder(session=admin, order_id=placed.order.id)
        await shop.container.cancel_orders().cancel(cancel)

        after = {SHIPMENT: "shipped", DELIVERY: "delivered"}[kind]
        refusal = IllegalTransition(current="cancelled", target=after)
        await _refused(shop, hand_over(admin, placed, kind), refusal)
        await _refused(shop, hand_over(admin, placed, kind, ("TEA", 1)), refusal)

    @pytest.mark.parametrize("card", ["tok_timeout_before", "tok_declined"])
    async def test_what_no_card_has_paid_is_not_shipped(
        self, shop: MemoryShop, admin: SessionToken, adas: SessionToken, card: str
    ) -> None:
        command = place_order(adas, ("TEA", 2), card=card)
        with suppress(CardDeclined):
            await shop.check_out(command)
        (order,) = shop.state.orders.rows.values()

        refusal = IllegalTransition(current=order.status.value, target="shipped")
        ship = RecordShipmentEvent(session=admin, order_id=order.id, kind=SHIPMENT, lines=())
        await _refused(shop, ship, refusal)

    async def test_what_a_card_has_paid_is_shipped_once_the_money_is_taken(
        self, shop: MemoryShop, admin: SessionToken, adas: SessionToken
    ) -> None:
        placed = await shop.check_out(place_order(adas, ("TEA", 2), card="tok_visa"))
        assert placed.payment.status is PaymentStatus.AUTHORISED
        await _refused(shop, hand_over(admin, placed, SHIPMENT), PaymentNotCaptured())
        await shop.work()

        await _hand(shop, hand_over(admin, placed, SHIPMENT))

        assert _status(shop, placed) is OrderStatus.SHIPPED
        assert await shop.findings() == []

    async def test_an_order_of_which_a_part_has_left_is_not_cancelled(
        self, shop: MemoryShop, admin: SessionToken, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 1)))
        before = shop.state

        with pytest.raises(OrderPartlyFulfilled):
            await shop.container.cancel_orders().cancel(
                CancelOrder(session=adas, order_id=placed.order.id)
            )

        assert shop.state == before

    async def test_customers_ship_nothing_and_nobody_ships_what_there_is_not(
        self, shop: MemoryShop, admin: SessionToken, adas: SessionToken, placed: PlacedOrder
    ) -> None:
        await _refused(shop, hand_over(None, placed, SHIPMENT), NotSignedIn())
        await _refused(shop, hand_over(adas, placed, SHIPMENT), Forbidden(role="admin"))
        nothing = RecordShipmentEvent(
            session=admin, order_id=an_id("none"), kind=SHIPMENT, lines=()
        )
        await _refused(shop, nothing, OrderNotFound())


class TestFailures:
    @pytest.mark.parametrize(
        "mishap",
        [
            ("commit", TransientFailure("conflict")),
            ("committed", CommitOutcomeUnknown("connection lost")),
        ],
    )
    async def test_what_is_tried_again_is_shipped_once(
        self,
        shop: MemoryShop,
        admin: SessionToken,
        placed: PlacedOrder,
        mishap: tuple[str, Exception],
    ) -> None:
        shop.mishaps.plan(mishap)

        handover = await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 1)))

        assert shop.state.shipment_events.rows == {handover.id: handover}

    async def test_a_commit_that_fails_leaves_everything_as_it_was(
        self, shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
    ) -> None:
        before = shop.state
        shop.mishaps.plan(("commit", RuntimeError("a bug")))

        with pytest.raises(RuntimeError, match="a bug"):
            await _hand(shop, hand_over(admin, placed, SHIPMENT))

        assert shop.state == before


async def test_customers_see_what_was_shipped_and_what_has_arrived(
    shop: MemoryShop, admin: SessionToken, placed: PlacedOrder
) -> None:
    first = await _hand(shop, hand_over(admin, placed, SHIPMENT, ("TEA", 1)))
    arrival = await _hand(shop, hand_over(admin, placed, DELIVERY))
    second = await _hand(shop, hand_over(admin, placed, SHIPMENT))
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


async def _refused(shop: MemoryShop, command: RecordShipmentEvent, error: ShopError) -> None:
    before = shop.state

    with pytest.raises(type(error)) as refusal:
        await _hand(shop, command)

    assert refusal.value == error
    assert shop.state == before
