"""What every adapter owes the port to the audit: it finds nothing where nothing is wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shop.application.ports.repositories.idempotency_keys import Rejected, Succeeded
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import ShopAccount, TransferKind
from shop.domain.cart import EmptyCart
from shop.domain.orders.order import Actor, OrderStatus
from shop.domain.payment import PaymentCancelled, PaymentMethod, PaymentStatus
from shop.domain.shared.idempotency_key import IdempotencyKey
from tests.contract.audit.consistent_orders import (
    ADA,
    ADA_ACCOUNT,
    BOB,
    GIFT,
    ORDER,
    cancelled,
    charge,
    findings,
    paid,
    pending,
    store_next_step,
    store_order,
    store_order_with_status,
    store_outcome,
    store_stock_movements,
    store_transfers,
)
from tests.contract.storage import Storage
from tests.factories import (
    ADJUSTMENTS,
    EUR,
    NOW,
    SALES,
    claim,
    claim_keys,
    id_of,
    line,
    order,
    payment,
    session,
    transfer,
    user,
)

pytestmark = pytest.mark.anyio

CREDIT = transfer(ADJUSTMENTS, ADA_ACCOUNT.id, 200, kind=TransferKind.CREDIT)


class TestConsistentShop:
    async def test_empty_shop_passes(self, storage: Storage) -> None:
        assert await findings(storage) == []

    async def test_shop_after_ordinary_use_passes(self, shop: Storage) -> None:
        second = order(ADA, "2", line("TEA", 1), placed_at=NOW + timedelta(minutes=1))
        await store_order(shop, paid(ORDER))
        await store_order(shop, paid(second))
        await store_next_step(shop, cancelled(second))
        # The last four.
        await store_order(shop, pending(order(ADA, "3", line("POT", 4))))

        async def transfers(uow: UnitOfWork) -> None:
            await claim_keys(uow, [claim(ADA, "gift"), claim(BOB, "credit")])
            uow.idempotency_keys.complete(
                IdempotencyKey(user_id=ADA.id, value="gift"), Succeeded(reference=GIFT.id)
            )
            uow.idempotency_keys.complete(
                IdempotencyKey(user_id=BOB.id, value="credit"), Succeeded(reference=CREDIT.id)
            )
            await store_outcome(uow, "rejected", Rejected(error=EmptyCart()))
            await store_transfers(uow, (GIFT, replace(GIFT, id=id_of("again")), CREDIT))

        await shop.write(transfers)
        await shop.commit(
            lambda uow: uow.sessions.create(session("1", user_id=ADA.id, last_order_id=ORDER.id)),
            lambda uow: uow.sessions.create(session("2")),
        )

        assert await findings(shop) == []

    @pytest.mark.parametrize("status", OrderStatus)
    async def test_order_in_any_status_passes(self, shop: Storage, status: OrderStatus) -> None:
        await store_order_with_status(shop, status)

        assert await findings(shop) == []

    async def test_stock_reserved_in_several_movements_passes(self, shop: Storage) -> None:
        piece = replace(pending(order(ADA, "1", line("TEA", 2))), reserved={"TEA": 1})
        await store_order(shop, piece)
        another = replace(piece, order=replace(piece.order, version=2))
        await shop.write(lambda uow: store_stock_movements(uow, another))

        assert await findings(shop) == []

    async def test_order_cancelled_before_payment_passes(self, shop: Storage) -> None:
        await store_order(shop, paid(order(ADA, "2", line("TEA", 1))))
        waiting = pending(ORDER)
        await store_order(shop, replace(waiting, outcome=Rejected(error=PaymentCancelled())))
        ended, event = waiting.order.transition_to(
            OrderStatus.CANCELLED, at=NOW, actor=Actor.CUSTOMER
        )
        step = replace(waiting, order=ended, event=event, reserved={"TEA": -2, "POT": -1})
        await store_next_step(
            shop, replace(step, payment=payment(ended, status=PaymentStatus.VOIDED))
        )

        assert await findings(shop) == []

    async def test_order_charged_to_a_card_passes(self, shop: Storage) -> None:
        by_card = replace(ORDER, payment_method=PaymentMethod.CARD)
        clearing = ShopAccount.CARD_CLEARING.account_id(EUR)
        charged = charge(by_card, debit_account_id=clearing)
        await store_order(shop, replace(paid(by_card), transfers=(charged,)))

        assert await findings(shop) == []

    async def test_declined_order_with_a_rejected_key_passes(self, shop: Storage) -> None:
        waiting = pending(ORDER)
        rejected = Rejected(error=EmptyCart())
        await store_order(shop, replace(waiting, outcome=rejected))
        declined, event = waiting.order.transition_to(
            OrderStatus.DECLINED, at=NOW, actor=Actor.CUSTOMER
        )
        step = replace(waiting, order=declined, event=event, reserved={"TEA": -2, "POT": -1})
        await store_next_step(
            shop, replace(step, payment=payment(declined, status=PaymentStatus.DECLINED))
        )

        assert await findings(shop) == []

    async def test_report_is_limited_to_a_hundred_violations_per_rule(
        self, storage: Storage
    ) -> None:
        owner = user("ada")
        lost = [transfer(id_of(f"lost {n}"), SALES) for n in range(101)]
        await storage.commit(
            lambda uow: uow.users.add(owner),
            *(lambda uow, each=each: uow.transfers.add(each) for each in lost),
        )

        rules = [rule for _, rule, _ in await findings(storage)]

        assert rules == ["transfer-without-account"] * 100 + ["ledger-off-balance"]
