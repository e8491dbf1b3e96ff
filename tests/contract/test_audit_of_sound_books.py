"""What every adapter owes the port to the audit: it finds nothing where nothing is wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.repositories.idempotency_keys import IdempotencyKey, Rejected, Succeeded
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, TransferKind
from shop.domain.cart import EmptyCart
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.payment import PaymentCancelled, PaymentMethod, PaymentStatus
from tests.contract.books import (
    ADA,
    ADAS,
    BOB,
    GIFT,
    ORDER,
    book,
    bought,
    bring,
    cancelled,
    charge,
    fill,
    findings,
    follow,
    move,
    pending,
    place,
    settle,
)
from tests.contract.stores import Stores
from tests.factories import (
    ADJUSTMENTS,
    EUR,
    NOW,
    SALES,
    an_id,
    claim,
    line,
    order,
    payment,
    session,
    transfer,
    user,
)

pytestmark = pytest.mark.anyio

CREDIT = transfer(ADJUSTMENTS, ADAS.id, 200, kind=TransferKind.CREDIT)


@pytest.fixture
async def shop(stores: Stores) -> Stores:
    return await fill(stores)


class TestSoundBooks:
    async def test_nothing_is_wrong_where_nothing_is(self, stores: Stores) -> None:
        assert await findings(stores) == []

    async def test_nothing_is_wrong_with_what_the_shop_does(self, shop: Stores) -> None:
        second = order(ADA, "2", line("TEA", 1), placed_at=NOW + timedelta(minutes=1))
        await place(shop, bought(ORDER))
        await place(shop, bought(second))
        await follow(shop, cancelled(second))
        # The last four.
        await place(shop, pending(order(ADA, "3", line("POT", 4))))

        async def transfers(uow: UnitOfWork) -> None:
            await uow.idempotency_keys.claim([claim(ADA, "gift"), claim(BOB, "credit")])
            uow.idempotency_keys.complete(
                IdempotencyKey(user_id=ADA.id, key="gift"), Succeeded(reference=GIFT.id)
            )
            uow.idempotency_keys.complete(
                IdempotencyKey(user_id=BOB.id, key="credit"), Succeeded(reference=CREDIT.id)
            )
            await settle(uow, "refused", Rejected(error=EmptyCart()))
            await book(uow, (GIFT, replace(GIFT, id=an_id("again")), CREDIT))

        await shop.change(transfers)
        await shop.commit(
            lambda uow: uow.sessions.create(session("1", user_id=ADA.id, last_order_id=ORDER.id)),
            lambda uow: uow.sessions.create(session("2")),
        )

        assert await findings(shop) == []

    @pytest.mark.parametrize("status", OrderStatus)
    async def test_an_order_may_stand_anywhere(self, shop: Stores, status: OrderStatus) -> None:
        await bring(shop, status)

        assert await findings(shop) == []

    async def test_stock_may_be_reserved_piece_by_piece(self, shop: Stores) -> None:
        piece = replace(pending(order(ADA, "1", line("TEA", 2))), reserved={"TEA": 1})
        await place(shop, piece)
        another = replace(piece, order=replace(piece.order, version=2))
        await shop.change(lambda uow: move(uow, another))

        assert await findings(shop) == []

    async def test_an_order_may_be_cancelled_before_it_is_paid(self, shop: Stores) -> None:
        await place(shop, bought(order(ADA, "2", line("TEA", 1))))
        waiting = pending(ORDER)
        await place(shop, replace(waiting, outcome=Rejected(error=PaymentCancelled())))
        ended, event = waiting.order.transition_to(
            OrderStatus.CANCELLED, at=NOW, actor=Actor.CUSTOMER
        )
        step = replace(waiting, order=ended, event=event, reserved={"TEA": -2, "POT": -1})
        await follow(shop, replace(step, payment=payment(ended, status=PaymentStatus.VOIDED)))

        assert await findings(shop) == []

    async def test_an_order_may_be_charged_to_a_card(self, shop: Stores) -> None:
        by_card = replace(ORDER, payment_method=PaymentMethod.CARD)
        clearing = ShopAccount.CARD_CLEARING.account_id(EUR)
        charged = charge(by_card, debit_account_id=clearing)
        await place(shop, replace(bought(by_card), transfers=(charged,)))

        assert await findings(shop) == []

    async def test_a_declined_order_may_have_a_refused_key(self, shop: Stores) -> None:
        waiting = pending(ORDER)
        refused = Rejected(error=EmptyCart())
        await place(shop, replace(waiting, outcome=refused))
        declined, event = waiting.order.transition_to(
            OrderStatus.DECLINED, at=NOW, actor=Actor.CUSTOMER
        )
        step = replace(waiting, order=declined, event=event, reserved={"TEA": -2, "POT": -1})
        await follow(shop, replace(step, payment=payment(declined, status=PaymentStatus.DECLINED)))

        assert await findings(shop) == []

    async def test_no_more_than_a_hundred_violations_of_a_rule_are_told(
        self, stores: Stores
    ) -> None:
        owner = user("ada")
        lost = [transfer(an_id(f"lost {n}"), SALES) for n in range(101)]
        await stores.commit(
            lambda uow: uow.users.add(owner),
            *(lambda uow, each=each: uow.transfers.add(each) for each in lost),
        )

        rules = [rule for _, rule, _ in await findings(stores)]

        assert rules == ["transfer-without-account"] * 100 + ["ledger-off-balance"]
