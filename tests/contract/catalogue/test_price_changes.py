"""What every adapter owes the port to the history of prices."""

from datetime import timedelta
from functools import partial

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.catalogue.price_history import PriceChange
from tests.contract.storage import Storage
from tests.factories import NOW, eur, product

pytestmark = pytest.mark.anyio

FIRST = PriceChange(sku="TEA", price=eur(500), at=NOW)
SECOND = PriceChange(sku="TEA", price=eur(400), at=NOW + timedelta(days=1))
OTHER = PriceChange(sku="POT", price=eur(700), at=NOW)


def _add(change: PriceChange, uow: UnitOfWork) -> None:
    uow.price_changes.add(change)


async def test_prices_of_a_variant_are_returned_oldest_first(storage: Storage) -> None:
    await storage.commit(
        lambda uow: uow.products.add(product("TEA")),
        lambda uow: uow.products.add(product("POT")),
        lambda uow: uow.price_changes.add(SECOND),
        lambda uow: uow.price_changes.add(OTHER),
        lambda uow: uow.price_changes.add(FIRST),
    )

    assert await storage.read(lambda uow: uow.price_changes.of_variant("TEA")) == [FIRST, SECOND]
    assert await storage.read(lambda uow: uow.price_changes.of_variant("POT")) == [OTHER]
    assert await storage.read(lambda uow: uow.price_changes.of_variant("NONE")) == []


async def test_prices_at_one_time_are_in_the_order_in_which_they_came(storage: Storage) -> None:
    changes = [PriceChange(sku="TEA", price=eur(price), at=NOW) for price in (5, 2, 9, 1, 7, 3)]
    await storage.commit(lambda uow: uow.products.add(product("TEA")))
    for change in changes:
        await storage.commit(partial(_add, change))

    assert await storage.read(lambda uow: uow.price_changes.of_variant("TEA")) == changes
