"""Everybody wants the same product at once."""

import asyncio
from collections import Counter

import pytest

from tests.concurrency.conftest import RunningShop

pytestmark = pytest.mark.anyio


async def test_two_hundred_concurrent_customers_buy_exactly_the_stock(
    running_shop: RunningShop, sku: str
) -> None:
    await running_shop.admin.stock(sku, quantity=50)
    customers = await running_shop.customers(200)

    responses = await asyncio.gather(*(each.order(sku) for each in customers))

    assert Counter(each.status_code for each in responses) == {201: 50, 409: 150}
    rejections = [each.json() for each in responses if each.status_code == 409]
    assert {each["type"].rsplit("/", 1)[-1] for each in rejections} == {"out-of-stock"}
    product = (await running_shop.new_client().request("GET", f"/products/{sku}")).json()
    assert product["available"] == 0
    # Each customer with an order has paid for it, and no other customer.
    balances = await asyncio.gather(*(each.balance() for each in customers))
    paid = [balance == 99_900 for balance in balances]
    assert paid == [each.status_code == 201 for each in responses]
    await running_shop.audit()


async def test_orders_of_the_same_products_in_any_sequence_do_not_deadlock(
    running_shop: RunningShop, sku: str
) -> None:
    skus = [f"{sku}-{letter}" for letter in "abc"]
    for each in skus:
        await running_shop.admin.stock(each, quantity=1000)
    customers = await running_shop.customers(12)

    responses = await asyncio.gather(
        *(
            customer.request(
                "POST",
                "/orders",
                {
                    "lines": [
                        {"sku": skus[(turn + index) % 3], "quantity": 1} for index in range(3)
                    ],
                    "payment": {"method": "account"},
                },
                idempotency_key=f"sequence-{turn}",
            )
            for turn in range(5)
            for customer in customers
        )
    )

    assert {each.status_code for each in responses} == {201}
    for each in skus:
        product = (await running_shop.new_client().request("GET", f"/products/{each}")).json()
        assert product["available"] == 1000 - len(responses)
