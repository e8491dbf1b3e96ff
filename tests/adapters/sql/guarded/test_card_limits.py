"""What a customer has begun by card is counted exactly, without locks."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from sqlalchemy import text

from shop.adapters.sql.schema.tables import accounts, orders
from shop.application.checkout.placed_order import PlacedOrder
from shop.application.idempotency.results import CommandResult
from shop.application.ledger.deposits import MakeDeposit
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.orders.order import OrderStatus, TooManyPendingOrders
from shop.domain.rate_limit import TooManyRequests
from tests.adapters.sql.guarded.guarded_shop import (
    CREDIT,
    GuardedShop,
    by_card,
    order,
    until_one_waits,
)
from tests.factories import eur

pytestmark = pytest.mark.anyio


def limit(shop: GuardedShop) -> int:
    return shop.container.settings().pending_orders_per_customer


@pytest.fixture
async def customer(shop: GuardedShop) -> SessionToken:
    """Sign up a customer who may begin one more order by card."""
    customer = await shop.sign_up()
    await shop.place_by_card(*(order(customer, "TEA") for _ in range(limit(shop) - 1)))
    return customer


def statuses(results: Sequence[CommandResult[PlacedOrder]]) -> Sequence[object]:
    return [
        each.value.order.status if isinstance(each.value, PlacedOrder) else type(each.value)
        for each in results
    ]


async def test_order_begun_meanwhile_is_counted(shop: GuardedShop, customer: SessionToken) -> None:
    command = by_card(order(customer, "TEA"))
    shop.before_writing.append(partial(shop.place, by_card(order(customer, "TEA"))))

    results = await shop.place(command)

    assert statuses(results) == [TooManyPendingOrders]
    assert shop.attempts == ["committed", "TransactionConflict"]
    assert len(await shop.rows(orders)) == limit(shop)


async def test_order_begun_by_a_transaction_that_is_waited_for_is_counted(
    shop: GuardedShop, customer: SessionToken
) -> None:
    """The waiting statement's snapshot does not have what was committed meanwhile."""
    shop.container.guarded_unit_of_work.reset_last_overriding()
    others_write = asyncio.Event()
    async with shop.database.writer.begin() as other:
        await other.execute(text("SELECT * FROM accounts WHERE user_id IS NOT NULL FOR UPDATE"))
        both = [asyncio.create_task(shop.place(by_card(order(customer, "TEA")))) for _ in range(2)]
        await until_one_waits(shop)
        others_write.set()
    results = [result for placing in both for result in await placing]

    assert sorted(map(str, statuses(results))) == sorted(
        map(str, [OrderStatus.PENDING, TooManyPendingOrders])
    )
    assert len(await shop.rows(orders)) == limit(shop)


async def test_parallel_orders_stay_within_the_limit(shop: GuardedShop) -> None:
    customer = await shop.sign_up()

    results = await asyncio.gather(
        *(shop.place(by_card(order(customer, "TEA"))) for _ in range(limit(shop) + 4))
    )

    found = statuses([each for (each,) in results])
    assert found.count(OrderStatus.PENDING) == limit(shop)
    assert found.count(TooManyPendingOrders) == 4


async def test_order_paid_from_the_account_meanwhile_is_kept(
    shop: GuardedShop, customer: SessionToken
) -> None:
    shop.before_writing.append(partial(shop.place, order(customer, "TEA")))

    results = await shop.place(by_card(order(customer, "TEA")))

    assert statuses(results) == [OrderStatus.PENDING]
    assert shop.attempts == ["committed", "TransactionConflict"]


async def test_deposit_begun_meanwhile_is_counted(shop: GuardedShop) -> None:
    customer = await shop.sign_up()
    attempts = shop.container.settings().declined_cards_per_customer
    deposits = shop.container.deposit_service()

    async def deposit(key: str) -> None:
        command = MakeDeposit(session=customer, key=key, amount=eur(1), card="tok_timeout_before")
        await deposits.make(command)

    for number in range(attempts - 1):
        await deposit(f"deposit-{number}")
    shop.before_writing.append(partial(deposit, "deposit-last"))

    results = await shop.place(by_card(order(customer, "TEA")))

    assert statuses(results) == [TooManyRequests]
    assert shop.attempts == ["TransactionConflict"]


async def test_account_keeps_its_balance(shop: GuardedShop, customer: SessionToken) -> None:
    await shop.place(by_card(order(customer, "TEA")))

    balances = [each.balance for each in await shop.rows(accounts) if each.user_id is not None]
    assert balances == [CREDIT]
