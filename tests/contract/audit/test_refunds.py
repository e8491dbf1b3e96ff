"""The audit of refunds: money, stock and status."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.refund import Refund
from shop.domain.payment import PaymentMethod
from tests.contract.audit.consistent_orders import (
    ORDER,
    findings,
    paid,
    refund_transfer,
    refunded,
    store_fulfilment,
    store_next_step,
    store_order,
    store_transfers,
    transfer_of,
)
from tests.contract.audit.fulfilled_orders import (
    BY_CARD,
    CLEARING,
    PART,
    TO_CARD,
    lines,
    store_refund,
)
from tests.contract.storage import Storage
from tests.factories import eur, refund

pytestmark = pytest.mark.anyio


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
        await store_refund(shop, replace(made, to=PaymentMethod.CARD))

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
        await store_refund(shop, refund(ORDER, 1_500))

        facts = _money(returned=1_500, refunded=1_500)
        assert await findings(shop) == [(4, "order-money-differs-from-refunds", facts)]

    async def test_refunded_order_with_excess_refunds_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        excessive = refund(ORDER, 1_501)
        whole = replace(refunded(ORDER), refunds=(excessive,), transfers=(transfer_of(excessive),))
        await store_next_step(shop, whole)

        facts = {**_money(returned=1_501, refunded=1_501), "status": "refunded"}
        sums = {"order_id": str(ORDER.id), "captured": 1_500, "refunded": 1_501}
        assert await findings(shop) == [
            (4, "order-money-differs-from-refunds", facts),
            (18, "refunds-exceed-payment", sums),
        ]


class TestRestocking:
    @pytest.mark.parametrize("put_back", [0, 2])
    async def test_stock_unlike_the_refund_is_reported(self, shop: Storage, put_back: int) -> None:
        await store_order(shop, paid(ORDER))
        restocking = replace(PART, lines=lines(cancelled_quantity=1, TEA=1), restocked=True)
        await store_refund(shop, restocking, TEA=put_back)

        facts = _taken(restocked=1, on_hand=put_back - 2)
        assert await findings(shop) == [(3, "stock-differs-from-order", facts)]

    async def test_stock_of_a_refund_without_restocking_is_reported(self, shop: Storage) -> None:
        await store_order(shop, paid(ORDER))
        await store_refund(shop, replace(PART, lines=lines(cancelled_quantity=1, TEA=1)), TEA=1)

        facts = _taken(restocked=0, on_hand=-1)
        assert await findings(shop) == [(3, "stock-differs-from-order", facts)]


def _money(*, returned: int, refunded: int) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": "paid",
        "total": 1_500,
        "charged": 1_500,
        "returned": returned,
        "refunded": refunded,
    }


def _moved(refunded: Refund, amount: int | None) -> Mapping[str, Fact]:
    return {
        "refund_id": str(refunded.id),
        "order_id": str(ORDER.id),
        "amount": refunded.amount.amount,
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
