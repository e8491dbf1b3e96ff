"""Orders that wait for stock are priced by what holds when they get it."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.pricing.promotions.percentage import Percentage
from tests.adapters.sql.guarded.guarded_shop import PRICE, GuardedShop, order, until_one_waits
from tests.contract.pricing.promoted_orders import save
from tests.contract.storage import Storage
from tests.domain.pricing.examples import promotion
from tests.factories import eur

pytestmark = pytest.mark.anyio


async def test_price_and_promotion_are_of_one_time(shop: GuardedShop, storage: Storage) -> None:
    """The price doubles, then everything is half off: PRICE at first, and PRICE again at the end.

    An old price less the new promotion would be what the product cost at no time.
    """
    token = await shop.sign_up()
    # As in shops that report low stock.
    shop.container.guarded_unit_of_work.override(shop.container.unit_of_work)

    async with shop.database.writer.begin() as other:
        await other.execute(text("SELECT * FROM inventories WHERE sku = 'TEA' FOR UPDATE"))
        placing = asyncio.create_task(shop.place(order(token, "TEA")))
        await until_one_waits(shop)
        await storage.write(double_the_price)
        await save(storage, promotion(Percentage(percentage=50_000)))

    (placed,) = await placing
    assert placed.unwrap().order.total == eur(PRICE)


async def double_the_price(uow: UnitOfWork) -> None:
    tea = (await uow.products.lock(["TEA"]))["TEA"]
    dearer = [replace(each, price=eur(2 * PRICE)) for each in tea.variants]
    uow.products.save(replace(tea, variants=tuple(dearer)))
