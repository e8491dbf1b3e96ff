"""What every adapter owes the ports to shipment events and refunds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.orders.refund import Refund, RefundLine, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent, ShipmentEventKind
from shop.domain.payment import PaymentMethod
from tests.contract.storage import Storage
from tests.factories import (
    NOW,
    eur,
    id_of,
    line,
    line_quantities,
    order,
    payment,
    refund,
    shipment_event,
    user,
)

pytestmark = pytest.mark.anyio

ADA = user("ada")
ORDER, OTHER = order(ADA, "1", line("TEA", 3), line("POT", 1)), order(ADA, "2")
LATER = NOW + timedelta(hours=1)
SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED

TO_CARD = refund(
    ORDER,
    1_000,
    to=PaymentMethod.CARD,
    status=RefundStatus.PENDING,
    restocked=True,
    # The second line is one from before refunds had amounts of lines.
    lines=(
        RefundLine(sku="TEA", quantity=2, cancelled_quantity=1, amount=700, tax=112),
        RefundLine(sku="POT", quantity=1, cancelled_quantity=0),
    ),
    shipping_amount=50,
    tax=120,
)


@pytest.fixture
async def shop(storage: Storage) -> Storage:
    """Return a storage with two orders of Ada."""
    await storage.commit(
        lambda uow: uow.users.add(ADA),
        *(
            lambda uow, each=each: uow.orders.add(
                each, each.initial_status_change(actor=Actor.CUSTOMER)
            )
            for each in (ORDER, OTHER)
        ),
        *(lambda uow, each=each: uow.payments.add(payment(each)) for each in (ORDER, OTHER)),
    )
    return storage


async def _add(storage: Storage, *added: ShipmentEvent | Refund) -> None:
    async def add(uow: UnitOfWork) -> None:
        await uow.orders.lock([each.order_id for each in added])
        for each in added:
            if isinstance(each, Refund):
                uow.refunds.add(each)
            else:
                uow.shipment_events.add(each)

    await storage.write(add)


@pytest.mark.parametrize(
    "added",
    [shipment_event(ORDER, kind=SHIPMENT), shipment_event(ORDER, kind=DELIVERY), TO_CARD],
    ids=["shipment", "delivery", "refund"],
)
async def test_order_knows_that_it_has_fulfilment(
    shop: Storage, added: ShipmentEvent | Refund
) -> None:
    await _add(shop, added)

    found = await shop.read(lambda uow: uow.orders.get_many([ORDER.id, OTHER.id]))

    assert found == {ORDER.id: replace(ORDER, has_fulfilment=True), OTHER.id: OTHER}


async def test_order_knows_its_fulfilment_after_a_change_of_its_status(shop: Storage) -> None:
    shipped, change = ORDER.transition_to(OrderStatus.SHIPPED, at=LATER, actor=Actor.ADMIN)

    async def ship(uow: UnitOfWork) -> None:
        await uow.orders.lock([ORDER.id])
        uow.shipment_events.add(shipment_event(ORDER, kind=SHIPMENT))
        uow.orders.save(shipped, change)

    await shop.write(ship)

    found = await shop.read(lambda uow: uow.orders.get_many([ORDER.id]))
    assert found == {ORDER.id: replace(shipped, has_fulfilment=True)}


class TestShipmentEvents:
    async def test_events_are_found_by_order_oldest_first(self, shop: Storage) -> None:
        last = shipment_event(ORDER, "3", kind=DELIVERY, created_at=LATER)
        first = shipment_event(ORDER, "1", *line_quantities(TEA=1), kind=SHIPMENT)
        second = shipment_event(
            ORDER, "2", *line_quantities(POT=1, TEA=2), kind=SHIPMENT, actor=Actor.SHOP
        )
        others = shipment_event(OTHER, kind=SHIPMENT)
        await _add(shop, last, others)
        await _add(shop, first, second)

        ids = [ORDER.id, OTHER.id, id_of("none")]
        found = await shop.read(lambda uow: uow.shipment_events.for_orders(ids))

        at_once = tuple(sorted((first, second), key=lambda each: each.id))
        assert found == {ORDER.id: (*at_once, last), OTHER.id: (others,), id_of("none"): ()}
        assert await shop.read(lambda uow: uow.shipment_events.for_orders([])) == {}

    async def test_events_are_found_by_id(self, shop: Storage) -> None:
        first = shipment_event(ORDER, "1", *line_quantities(POT=1, TEA=2), kind=SHIPMENT)
        await _add(shop, first, shipment_event(ORDER, "2", kind=DELIVERY))
        ids = [first.id, id_of("none")]

        found = await shop.read(lambda uow: uow.shipment_events.get_many(ids))

        assert found == {first.id: first}
        assert await shop.read(lambda uow: uow.shipment_events.get_many([])) == {}

    async def test_event_of_an_order_that_is_not_locked_is_not_added(self, shop: Storage) -> None:
        async with shop.unit_of_work() as uow:
            await uow.orders.get_many([ORDER.id])
            with pytest.raises(RuntimeError):
                uow.shipment_events.add(shipment_event(ORDER, kind=SHIPMENT))

    async def test_event_cannot_be_added_twice(self, shop: Storage) -> None:
        shipped = shipment_event(ORDER, kind=SHIPMENT)
        await _add(shop, shipped)

        with pytest.raises(ConstraintViolated):
            await _add(shop, shipped)

        found = await shop.read(lambda uow: uow.shipment_events.for_orders([ORDER.id]))
        assert found == {ORDER.id: (shipped,)}


class TestRefunds:
    async def test_refunds_are_found_by_id_and_by_order(self, shop: Storage) -> None:
        second = refund(ORDER, 1, 2, created_at=NOW - timedelta(hours=1))
        others = refund(OTHER, 7, restocked=True, gateway_response="refunded")
        await _add(shop, others, second)
        await _add(shop, TO_CARD)

        ids = [second.id, TO_CARD.id, id_of("none")]
        found = await shop.read(lambda uow: uow.refunds.get_many(ids))
        of_orders = await shop.read(
            lambda uow: uow.refunds.for_orders([ORDER.id, OTHER.id, id_of("none")])
        )

        assert found == {second.id: second, TO_CARD.id: TO_CARD}
        assert of_orders == {
            ORDER.id: (TO_CARD, second),
            OTHER.id: (others,),
            id_of("none"): (),
        }
        assert await shop.read(lambda uow: uow.refunds.for_orders([])) == {}
        assert await shop.read(lambda uow: uow.refunds.get_many([])) == {}

    async def test_refund_of_a_locked_order_is_saved(self, shop: Storage) -> None:
        other = refund(ORDER, 5, 2, status=RefundStatus.PENDING)
        await _add(shop, TO_CARD, other)
        failed, done = TO_CARD.failed_attempt("not_there"), TO_CARD.succeeded()

        for state in (failed, done):

            async def save(uow: UnitOfWork, state: Refund = state) -> None:
                await uow.orders.lock([ORDER.id])
                uow.refunds.save(state)

            await shop.write(save)
            found = await shop.read(lambda uow: uow.refunds.for_orders([ORDER.id]))
            assert found == {ORDER.id: (state, other)}

    async def test_refund_of_an_order_that_is_not_locked_is_neither_added_nor_saved(
        self, shop: Storage
    ) -> None:
        await _add(shop, TO_CARD)

        async with shop.unit_of_work() as uow:
            await uow.refunds.get_many([TO_CARD.id])
            with pytest.raises(RuntimeError):
                uow.refunds.save(TO_CARD.succeeded())
            with pytest.raises(RuntimeError):
                uow.refunds.add(refund(ORDER, 5, 2))

    async def test_second_refund_with_the_same_number_is_rejected(self, shop: Storage) -> None:
        await _add(shop, TO_CARD)

        with pytest.raises(ConstraintViolated):
            await _add(shop, refund(ORDER, 5, 1, id=id_of("another")))

        found = await shop.read(lambda uow: uow.refunds.for_orders([ORDER.id]))
        assert found == {ORDER.id: (TO_CARD,)}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": eur(0)},
            {"lines": (RefundLine(sku="TEA", quantity=1, cancelled_quantity=2),)},
            {"lines": (RefundLine(sku="TEA", quantity=1, cancelled_quantity=-1),)},
        ],
    )
    async def test_invalid_refund_is_rejected(
        self, shop: Storage, wrong: dict[str, object]
    ) -> None:
        with pytest.raises(ConstraintViolated):
            await _add(shop, refund(ORDER, 5, **wrong))

        assert await shop.read(lambda uow: uow.refunds.for_orders([ORDER.id])) == {ORDER.id: ()}


async def test_order_can_change_status_several_times_at_once(shop: Storage) -> None:
    shipped, shipping = ORDER.transition_to(OrderStatus.SHIPPED, at=LATER, actor=Actor.ADMIN)
    delivered, delivering = shipped.transition_to(
        OrderStatus.DELIVERED, at=LATER, actor=Actor.ADMIN
    )
    alone, event = OTHER.transition_to(OrderStatus.SHIPPED, at=LATER, actor=Actor.ADMIN)

    async def walk(uow: UnitOfWork) -> None:
        await uow.orders.lock([ORDER.id, OTHER.id])
        uow.orders.save(shipped, shipping)
        uow.orders.save(alone, event)
        uow.orders.save(delivered, delivering)

    await shop.write(walk)

    found = await shop.read(lambda uow: uow.orders.get_many([ORDER.id, OTHER.id]))
    assert found == {ORDER.id: delivered, OTHER.id: alone}
    history = await shop.read(lambda uow: uow.orders.history(ORDER.id))
    assert history == [ORDER.initial_status_change(actor=Actor.CUSTOMER), shipping, delivering]
