"""What every adapter owes the port to the history of prices."""

from datetime import timedelta

import pytest

from shop.domain.catalogue.price_history import PriceChange
from tests.contract.storage import Storage
from tests.factories import NOW, eur, product

pytestmark = pytest.mark.anyio

FIRST = PriceChange(sku="TEA", price=eur(500), at=NOW)
SECOND = PriceChange(sku="TEA", price=eur(400), at=NOW + timedelta(days=1))
OTHER = PriceChange(sku="POT", price=eur(700), at=NOW)


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


async def test_two_prices_at_one_time_are_both_kept(storage: Storage) -> None:
    same_time = PriceChange(sku="TEA", price=eur(1), at=NOW)
    await storage.commit(lambda uow: uow.products.add(product("TEA")))
    await storage.commit(lambda uow: uow.price_changes.add(FIRST))
    await storage.commit(lambda uow: uow.price_changes.add(same_time))

    found = await storage.read(lambda uow: uow.price_changes.of_variant("TEA"))
    assert sorted(each.price.amount for each in found) == [1, 500]
