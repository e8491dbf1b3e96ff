"""What every adapter counts of a customer's attempts to pay by card."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.repositories.payments import CardUse
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.deposit import Deposit
from shop.domain.orders.order import Actor, Order, OrderStatus
from shop.domain.payment import PaymentMethod, PaymentStatus
from tests.contract.audit.consistent_orders import (
    ADA,
    ADA_ACCOUNT,
    BOB,
    store_customers_and_products,
)
from tests.contract.storage import Storage
from tests.factories import NOW, deposit, id_of, order

pytestmark = pytest.mark.anyio

LONG_AGO, SINCE = NOW - timedelta(days=9), NOW - timedelta(hours=1)


def _card_order(name: str, status: OrderStatus, **changes: object) -> Order:
    by_card = order(ADA, name, status=status, payment_method=PaymentMethod.CARD)
    return replace(by_card, **changes)  # type: ignore[arg-type]  # Fields of an order.


ORDERS = [
    _card_order("pending", OrderStatus.PENDING),
    _card_order("pending for long", OrderStatus.PENDING, placed_at=LONG_AGO),
    _card_order("declined", OrderStatus.DECLINED, placed_at=SINCE),
    _card_order("declined long ago", OrderStatus.DECLINED, placed_at=LONG_AGO),
    _card_order("paid", OrderStatus.PAID),
    _card_order("expired", OrderStatus.EXPIRED),
]
DEPOSITS = [
    deposit(ADA_ACCOUNT, "pending"),
    deposit(ADA_ACCOUNT, "declined", status=PaymentStatus.DECLINED),
    deposit(ADA_ACCOUNT, "declined long ago", status=PaymentStatus.DECLINED, created_at=LONG_AGO),
    deposit(ADA_ACCOUNT, "captured", status=PaymentStatus.CAPTURED),
]


async def _store(storage: Storage, orders: list[Order], deposits: list[Deposit]) -> None:
    async def store(uow: UnitOfWork) -> None:
        for each in orders:
            placed = replace(each, status=OrderStatus.PENDING)
            uow.orders.add(each, placed.initial_status_change(actor=Actor.CUSTOMER))
        for each_deposit in deposits:
            uow.deposits.add(each_deposit)

    await storage.write(store)


async def _card_use(storage: Storage, *users: UUID) -> dict[UUID, CardUse]:
    found = await storage.read(lambda uow: uow.payments.card_use(users, declined_since=SINCE))
    return dict(found)


async def test_pending_attempts_count_always_and_declined_ones_since_a_time(
    storage: Storage,
) -> None:
    await store_customers_and_products(storage)
    await _store(storage, ORDERS, DEPOSITS)

    assert await _card_use(storage, ADA.id, BOB.id, id_of("nothing")) == {
        ADA.id: CardUse(pending_orders=2, attempts=5, first_attempt_at=LONG_AGO)
    }
    assert await _card_use(storage, BOB.id) == {}


async def test_declined_attempts_alone_are_no_pending_orders(storage: Storage) -> None:
    await store_customers_and_products(storage)
    await _store(storage, [ORDERS[2]], [DEPOSITS[1]])

    assert await _card_use(storage, ADA.id) == {
        ADA.id: CardUse(pending_orders=0, attempts=2, first_attempt_at=SINCE)
    }
