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
from tests.contract.books import (
    ORDER,
    Step,
    book,
    bought,
    bring,
    charge,
    fill,
    findings,
    follow,
    fulfil,
    move,
    place,
    refunded,
    returned,
    returned_by,
    settle,
)
from tests.contract.stores import Stores
from tests.factories import EUR, NOW, eur, handover, pieces, refund

pytestmark = pytest.mark.anyio

SHIPMENT, DELIVERY = ShipmentEventKind.SHIPPED, ShipmentEventKind.DELIVERED
CLEARING = ShopAccount.CARD_CLEARING.account_id(EUR)

PART = refund(ORDER, 500)
BY_CARD = replace(
    bought(replace(ORDER, payment_method=PaymentMethod.CARD)),
    transfers=(charge(ORDER, debit_account_id=CLEARING),),
)
TO_CARD = replace(PART, to=PaymentMethod.CARD, status=RefundStatus.PENDING)


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    return await fill(stores)


def lines(cancelled_quantity: int = 0, **quantities: int) -> tuple[RefundLine, ...]:
    return tuple(
        RefundLine(sku=sku, quantity=quantity, cancelled_quantity=cancelled_quantity)
        for sku, quantity in quantities.items()
    )


def gone(name: str, kind: ShipmentEventKind, **quantities: int) -> ShipmentEvent:
    return handover(ORDER, name, *pieces(**quantities), kind=kind)


def _restocking(step: Step, **quantities: int) -> Step:
    """Return a step under a version that no other movement has, for its goods alone."""
    later = replace(step.order, version=step.order.version + 7)
    return replace(step, order=later, on_hand=quantities, reserved={})


async def _give_back(stores: Stores, made: Refund, **restocked: int) -> None:
    """Store a refund of `ORDER`, its transfer, and what it put back."""

    async def work(uow: UnitOfWork) -> None:
        moved = returned_by(made)
        if made.to is PaymentMethod.CARD:
            moved = replace(moved, credit_account_id=CLEARING)
        await book(uow, (moved,))
        await move(uow, _restocking(bought(ORDER), **restocked))
        await fulfil(uow, (), (made,))

    await stores.change(work)


async def _hand_over(stores: Stores, *made: ShipmentEvent) -> None:
    await stores.change(lambda uow: fulfil(uow, made, ()))


class TestSoundBooks:
    @pytest.mark.parametrize(
        "status", [OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED]
    )
    async def test_a_part_may_be_refunded_and_put_back(
        self, shop: Stores, status: OrderStatus
    ) -> None:
        await bring(shop, status)
        await _give_back(shop, replace(PART, lines=lines(TEA=1), restocked=True), TEA=1)
        await _give_back(shop, refund(ORDER, 7, 2))

        assert await findings(shop) == []

    async def test_a_part_may_be_refunded_and_stay_away(self, shop: Stores) -> None:
        await bring(shop, OrderStatus.DELIVERED)
        await _give_back(shop, replace(PART, lines=lines(TEA=1)))

        assert await findings(shop) == []

    async def test_the_whole_may_be_refunded_and_put_back(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        made = replace(refund(ORDER, 1_500), lines=lines(TEA=2, POT=1), restocked=True)
        whole = replace(refunded(ORDER), refunds=(made,), on_hand={"TEA": 2, "POT": 1})
        await follow(shop, whole)

        assert await findings(shop) == []

    @pytest.mark.parametrize("made", [PART, TO_CARD])
    async def test_what_a_card_has_paid_may_go_to_either(self, shop: Stores, made: Refund) -> None:
        await place(shop, BY_CARD)
        await _give_back(shop, made)

        assert await findings(shop) == []

    async def test_what_a_card_still_waits_for_has_a_job(self, shop: Stores) -> None:
        await place(shop, BY_CARD)
        await _give_back(shop, TO_CARD)
        job = JobId(kind=JobKind.REFUND_PAYMENT, subject_id=TO_CARD.id)
        await shop.commit(lambda uow: uow.jobs.remove(job))

        facts = {"refund_id": str(TO_CARD.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(8, "refund-without-its-job", facts)]

    async def test_a_paid_order_may_have_left_and_arrived_in_part(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _hand_over(shop, gone("1", SHIPMENT, TEA=1), gone("2", SHIPMENT, TEA=1))
        await _hand_over(shop, gone("1", DELIVERY, TEA=2))

        assert await findings(shop) == []

    async def test_what_was_kept_back_does_not_leave(self, shop: Stores) -> None:
        shipped = await bring_shipped(shop, gone("1", SHIPMENT, TEA=2))
        await _give_back(shop, replace(PART, lines=lines(cancelled_quantity=1, POT=1)))

        assert shipped.status is OrderStatus.SHIPPED
        assert await findings(shop) == []

    async def test_a_key_may_have_led_to_a_refund(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _give_back(shop, PART)
        await shop.change(lambda uow: settle(uow, "a-key", Succeeded(reference=PART.id)))

        assert await findings(shop) == []


async def bring_shipped(stores: Stores, *shipped: ShipmentEvent) -> Order:
    """Store `ORDER` as shipped, with these shipments."""
    await place(stores, bought(ORDER))
    order, event = ORDER.transition_to(OrderStatus.SHIPPED, at=NOW, actor=Actor.ADMIN)
    step = replace(bought(ORDER), order=order, event=event, transfers=(), on_hand={})
    await follow(stores, replace(step, handovers=shipped))
    return order


class TestRefunds:
    async def test_one_that_moved_no_money(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await shop.change(lambda uow: fulfil(uow, (), (PART,)))

        assert await findings(shop) == [
            (4, "order-keeps-other-money", _money(returned=0, refunded=500)),
            (4, "refund-moved-other-money", _moved(PART, None)),
        ]

    async def test_one_that_moved_another_amount(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        less = replace(returned_by(PART), amount=eur(499))

        async def work(uow: UnitOfWork) -> None:
            await book(uow, (less,))
            await fulfil(uow, (), (PART,))

        await shop.change(work)

        assert await findings(shop) == [
            (4, "order-keeps-other-money", _money(returned=499, refunded=500)),
            (4, "refund-moved-other-money", _moved(PART, 499)),
        ]

    async def test_one_whose_transfer_is_of_another(self, shop: Stores) -> None:
        # The sum is right.
        await place(shop, bought(ORDER))
        other = returned(ORDER, 500)

        async def work(uow: UnitOfWork) -> None:
            await book(uow, (other,))
            await fulfil(uow, (), (PART,))

        await shop.change(work)

        facts = _moved(PART, None)
        assert await findings(shop) == [(4, "refund-moved-other-money", facts)]

    async def test_one_to_the_account_whose_money_went_to_the_card_or_the_other_way(
        self, shop: Stores
    ) -> None:
        await place(shop, BY_CARD)

        async def work(uow: UnitOfWork) -> None:
            await book(uow, (replace(returned_by(PART), credit_account_id=CLEARING),))
            await fulfil(uow, (), (PART,))

        await shop.change(work)

        facts = {"transfer_id": str(PART.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    @pytest.mark.parametrize("made", [PART, TO_CARD])
    async def test_one_to_a_card_of_an_order_that_none_has_paid(
        self, shop: Stores, made: Refund
    ) -> None:
        await place(shop, bought(ORDER))
        await _give_back(shop, replace(made, to=PaymentMethod.CARD))

        facts = {"transfer_id": str(made.id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [(4, "charge-of-another", facts)]

    async def test_a_card_that_paid_and_an_account_that_got_it_back_without_a_refund(
        self, shop: Stores
    ) -> None:
        await place(shop, BY_CARD)
        await shop.change(lambda uow: book(uow, (returned(ORDER, 500),)))

        facts = {"transfer_id": str(returned(ORDER, 500).id), "order_id": str(ORDER.id)}
        assert await findings(shop) == [
            (4, "order-keeps-other-money", _money(returned=500, refunded=0)),
            (4, "charge-of-another", facts),
        ]

    async def test_a_refunded_order_of_which_something_is_left(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        part = replace(refunded(ORDER), refunds=(PART,), transfers=(returned_by(PART),))
        await follow(shop, part)

        facts = {**_money(returned=500, refunded=500), "status": "refunded"}
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]

    async def test_a_paid_order_of_which_nothing_is_left(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _give_back(shop, refund(ORDER, 1_500))

        facts = _money(returned=1_500, refunded=1_500)
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]

    async def test_a_refunded_order_that_gave_back_too_much(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        made = refund(ORDER, 1_501)
        whole = replace(refunded(ORDER), refunds=(made,), transfers=(returned_by(made),))
        await follow(shop, whole)

        facts = {**_money(returned=1_501, refunded=1_501), "status": "refunded"}
        assert await findings(shop) == [(4, "order-keeps-other-money", facts)]


class TestGoodsThatWerePutBack:
    @pytest.mark.parametrize("put_back", [0, 2])
    async def test_other_than_the_refund_says(self, shop: Stores, put_back: int) -> None:
        await place(shop, bought(ORDER))
        made = replace(PART, lines=lines(cancelled_quantity=1, TEA=1), restocked=True)
        await _give_back(shop, made, TEA=put_back)

        facts = _taken(restocked=1, on_hand=put_back - 2)
        assert await findings(shop) == [(3, "order-took-other-stock", facts)]

    async def test_though_the_refund_says_that_they_stay_away(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _give_back(shop, replace(PART, lines=lines(cancelled_quantity=1, TEA=1)), TEA=1)

        facts = _taken(restocked=0, on_hand=-1)
        assert await findings(shop) == [(3, "order-took-other-stock", facts)]


class TestHandovers:
    async def test_of_more_than_was_ordered(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _hand_over(shop, gone("1", SHIPMENT, TEA=4))

        facts = _goods(shipped=4)
        assert await findings(shop) == [(10, "handed-over-too-much", facts)]

    async def test_of_more_than_was_shipped(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _hand_over(shop, gone("1", SHIPMENT, TEA=1), gone("1", DELIVERY, TEA=2))

        facts = _goods(shipped=1, delivered=2)
        assert await findings(shop) == [(10, "handed-over-too-much", facts)]

    async def test_of_what_was_not_ordered(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _hand_over(shop, gone("1", SHIPMENT, CUP=1))

        facts = {**_goods(shipped=1), "sku": "CUP", "ordered": 0}
        assert await findings(shop) == [(10, "handed-over-too-much", facts)]

    async def test_of_what_was_refunded_before(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _give_back(shop, replace(PART, lines=lines(cancelled_quantity=1, TEA=1)))
        await _hand_over(shop, gone("1", SHIPMENT, TEA=2))

        facts = _goods(shipped=2, refunded=1, cancelled_quantity=1)
        assert (10, "handed-over-too-much", facts) in await findings(shop)

    async def test_and_more_pieces_refunded_than_were_ordered(self, shop: Stores) -> None:
        await place(shop, bought(ORDER))
        await _give_back(shop, replace(PART, lines=lines(TEA=3)))

        facts = _goods(refunded=3)
        assert await findings(shop) == [(10, "handed-over-too-much", facts)]

    @pytest.mark.parametrize(
        ("status", "made"),
        [
            (OrderStatus.PAID, (gone("9", SHIPMENT, TEA=2, POT=1),)),
            (OrderStatus.SHIPPED, (gone("9", DELIVERY, TEA=2, POT=1),)),
            (OrderStatus.PENDING, (gone("9", SHIPMENT, TEA=1),)),
            (OrderStatus.EXPIRED, (gone("9", SHIPMENT, TEA=1),)),
            (OrderStatus.CANCELLED, (gone("9", SHIPMENT, TEA=1),)),
        ],
    )
    async def test_after_which_the_order_stands_elsewhere(
        self, shop: Stores, status: OrderStatus, made: tuple[ShipmentEvent, ...]
    ) -> None:
        await bring(shop, status)
        await _hand_over(shop, *made)

        ((number, rule, facts),) = await findings(shop)
        assert (number, rule, facts["status"]) == (10, "goods-are-elsewhere", status.value)

    @pytest.mark.parametrize(
        "shipped",
        [(gone("1", SHIPMENT, TEA=2),), (gone("1", SHIPMENT, POT=1), gone("1", DELIVERY, POT=1))],
    )
    async def test_that_lack_for_the_order_to_be_shipped(
        self, shop: Stores, shipped: tuple[ShipmentEvent, ...]
    ) -> None:
        await bring_shipped(shop, *shipped)

        ((number, rule, facts),) = await findings(shop)
        assert (number, rule, facts["status"]) == (10, "goods-are-elsewhere", "shipped")

    async def test_that_lack_for_the_order_to_be_delivered(self, shop: Stores) -> None:
        shipped = await bring_shipped(shop, gone("1", SHIPMENT, TEA=2, POT=1))
        order, event = shipped.transition_to(OrderStatus.DELIVERED, at=NOW, actor=Actor.ADMIN)
        step = replace(bought(ORDER), order=order, event=event, transfers=(), on_hand={})
        await follow(shop, replace(step, handovers=(gone("1", DELIVERY, TEA=1),)))

        facts = {
            "order_id": str(ORDER.id),
            "status": "delivered",
            "ordered": 3,
            "shipped": 3,
            "delivered": 1,
            "cancelled_quantity": 0,
        }
        assert await findings(shop) == [(10, "goods-are-elsewhere", facts)]


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


def _goods(**counted: int) -> Mapping[str, Fact]:
    none = dict.fromkeys(("shipped", "delivered", "refunded", "cancelled_quantity"), 0)
    return {"order_id": str(ORDER.id), "sku": "TEA", "ordered": 2, **none, **counted}
