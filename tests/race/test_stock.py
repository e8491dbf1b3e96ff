"""Everybody wants the same product at once."""

import asyncio
from collections import Counter

import pytest

from tests.race.conftest import RaceTrack

pytestmark = pytest.mark.anyio


async def test_of_200_customers_at_once_exactly_as_many_as_there_are_units_get_one(
    track: RaceTrack, sku: str
) -> None:
    await track.admin.stock(sku, quantity=50)
    customers = await track.customers(200)

    answers = await asyncio.gather(*(each.order(sku) for each in customers))

    assert Counter(each.status_code for each in answers) == {201: 50, 409: 150}
    refusals = [each.json() for each in answers if each.status_code == 409]
    assert {each["type"].rsplit("/", 1)[-1] for each in refusals} == {"out-of-stock"}
    product = (await track.visitor().ask("GET", f"/products/{sku}")).json()
    assert product["available"] == 0
    # Whoever has an order has paid for it, nobody else has.
    balances = await asyncio.gather(*(each.balance() for each in customers))
    paid = [balance == 99_900 for balance in balances]
    assert paid == [each.status_code == 201 for each in answers]
    await asyncio.to_thread(track.audit)


async def test_orders_of_the_same_products_in_any_sequence_do_not_block_each_other(
    track: RaceTrack, sku: str
) -> None:
    skus = [f"{sku}-{letter}" for letter in "abc"]
    for each in skus:
        await track.admin.stock(each, quantity=1000)
    customers = await track.customers(12)

    answers = await asyncio.gather(
        *(
            customer.ask(
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

    assert {each.status_code for each in answers} == {201}
    for each in skus:
        product = (await track.visitor().ask("GET", f"/products/{each}")).json()
        assert product["available"] == 1000 - len(answers)
