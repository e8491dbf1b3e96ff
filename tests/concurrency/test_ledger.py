"""Concurrent transfers keep the total that readers see."""

import asyncio
import random

import pytest

from tests.concurrency.conftest import RunningShop
from tests.histories.bank_reader import bank_reader

pytestmark = pytest.mark.anyio

TRANSFERS = 15


async def test_reader_under_load_sees_a_constant_total(running_shop: RunningShop) -> None:
    customers = await running_shop.customers(8)
    chance = random.Random(8)

    async def pass_money_around(me: int) -> None:
        for _ in range(TRANSFERS):
            other = customers[(me + chance.randint(1, 7)) % 8]
            response = await customers[me].transfer(other.email, chance.randint(1, 60_000))
            assert response.status_code in {201, 409}, response.text

    settings = running_shop.server.settings
    schema = settings.get("SHOP_DATABASE_SCHEMA", "public")
    async with bank_reader(settings["SHOP_DATABASE_URL"], schema) as reader:
        await asyncio.gather(*(pass_money_around(me) for me in range(8)))

    assert reader.sums[0] > 2
    assert sum([await each.balance() for each in customers]) == 8 * 100_000
    await running_shop.audit()
