"""The audit finds payments that do not fit their orders, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from shop.application.ports.repositories.audit import Fact
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.money import Money
from tests.contract.audit.consistent_orders import (
    ORDER,
    Findings,
    findings,
    paid,
    store_order,
    store_order_with_status,
)
from tests.contract.storage import Storage
from tests.factories import USD, eur, payment

pytestmark = pytest.mark.anyio


class TestPayments:
    async def test_order_without_a_payment_is_reported(self, shop: Storage) -> None:
        await store_order(shop, replace(paid(ORDER), payment=None))

        assert await findings(shop) == [
            (4, "payment-differs-from-order", _payment_facts(None, None))
        ]

    @pytest.mark.parametrize(
        ("changed", "status", "amount"),
        [
            (payment(ORDER, amount=eur(1)), "captured", 1),
            (payment(ORDER, amount=Money(amount=1_500, currency=USD)), "captured", 1_500),
            (payment(ORDER, method=PaymentMethod.CARD), "captured", 1_500),
            (payment(ORDER, status=PaymentStatus.PENDING), "pending", 1_500),
            (payment(ORDER, status=PaymentStatus.REFUNDED), "refunded", 1_500),
        ],
    )
    async def test_payment_unlike_its_order_is_reported(
        self, shop: Storage, changed: Payment, status: str, amount: int
    ) -> None:
        await store_order(shop, replace(paid(ORDER), payment=changed))

        assert await findings(shop) == [
            (4, "payment-differs-from-order", _payment_facts(status, amount))
        ]

    @pytest.mark.parametrize(
        ("status", "fitting"),
        [
            (OrderStatus.PENDING, {"pending"}),
            (OrderStatus.PAID, {"authorised", "captured"}),
            (OrderStatus.DECLINED, {"declined"}),
            (OrderStatus.EXPIRED, {"voided"}),
            (OrderStatus.CANCELLED, {"refunded", "voided"}),
            (OrderStatus.SHIPPED, {"captured"}),
            (OrderStatus.DELIVERED, {"captured"}),
            (OrderStatus.REFUNDED, {"refunded"}),
        ],
    )
    async def test_payment_status_unlike_the_order_status_is_reported(
        self, shop: Storage, status: OrderStatus, fitting: set[str]
    ) -> None:
        order = (await store_order_with_status(shop, status)).order

        for each in PaymentStatus:
            await shop.write(partial(_save, payment(order, status=each)))
            facts = {**_payment_facts(each.value, 1_500), "status": status.value}
            differs: Findings
            differs = [] if each.value in fitting else [(4, "payment-differs-from-order", facts)]
            if status is OrderStatus.REFUNDED and each.value not in {"captured", "refunded"}:
                differs.append((18, "refunds-exceed-payment", _refunded_facts(1_500)))
            assert await findings(shop) == differs


async def _save(changed: Payment, uow: UnitOfWork) -> None:
    await uow.orders.lock([changed.order_id])
    uow.payments.save(changed)


def _payment_facts(status: str | None, amount: int | None) -> Mapping[str, Fact]:
    return {
        "order_id": str(ORDER.id),
        "status": "paid",
        "total": 1_500,
        "payment_status": status,
        "amount": amount,
    }


def _refunded_facts(refunded: int) -> Mapping[str, Fact]:
    return {"order_id": str(ORDER.id), "captured": 0, "refunded": refunded}
