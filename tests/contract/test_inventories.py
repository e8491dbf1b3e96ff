"""What every adapter owes the port to inventories."""

from collections.abc import Mapping

import pytest

from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.inventory import Inventory
from tests.contract.stores import Stores
from tests.factories import an_id, inventory, movement, product

pytestmark = pytest.mark.anyio

TEA, POT = product("TEA"), product("POT")
FULL = inventory("TEA", 10)


async def _stored(stores: Stores) -> Mapping[str, Inventory]:
    return await stores.see(lambda uow: uow.inventories.get_many(["TEA", "POT", "NONE"]))


async def test_inventories_are_found_by_sku(stores: Stores) -> None:
    await stores.stock(TEA, 10)
    await stores.stock(POT, 3)

    assert await _stored(stores) == {"TEA": FULL, "POT": inventory("POT", 3)}
    assert await stores.see(lambda uow: uow.inventories.get_many([])) == {}


async def test_a_product_may_have_no_inventory(stores: Stores) -> None:
    await stores.commit(lambda uow: uow.products.add(TEA))

    assert await _stored(stores) == {}


async def test_a_locked_inventory_is_saved(stores: Stores) -> None:
    await stores.stock(TEA, 10)
    await stores.stock(POT, 3)

    async def take(uow: UnitOfWork) -> None:
        assert await uow.inventories.lock(["TEA", "NONE"]) == {"TEA": FULL}
        uow.inventories.save(FULL.sell(4), movement(FULL, FULL.sell(4)))

    await stores.change(take)

    assert await _stored(stores) == {"TEA": inventory("TEA", 6), "POT": inventory("POT", 3)}


async def test_the_last_of_several_changes_is_the_one_that_stays(stores: Stores) -> None:
    await stores.stock(TEA, 10)

    async def take_twice(uow: UnitOfWork) -> None:
        await uow.inventories.lock(["TEA"])
        once, twice = FULL.sell(4), FULL.sell(4).reserve(5)
        uow.inventories.save(once, movement(FULL, once))
        uow.inventories.save(twice, movement(once, twice))

    await stores.change(take_twice)

    assert await _stored(stores) == {"TEA": inventory("TEA", 6, 5)}


async def test_an_inventory_that_was_added_is_saved_with_what_came_in(stores: Stores) -> None:
    empty = inventory("TEA")

    async def bring(uow: UnitOfWork) -> None:
        uow.products.add(TEA)
        uow.inventories.add(empty)
        uow.inventories.save(FULL, movement(empty, FULL))

    await stores.change(bring)

    assert await _stored(stores) == {"TEA": FULL}


async def test_an_inventory_that_was_not_locked_is_not_saved(stores: Stores) -> None:
    await stores.stock(TEA, 10)

    async with stores.unit_of_work() as uow:
        await uow.inventories.get_many(["TEA"])
        with pytest.raises(RuntimeError):
            uow.inventories.save(FULL.sell(1), movement(FULL, FULL.sell(1)))

    assert await _stored(stores) == {"TEA": FULL}


async def test_an_inventory_of_no_product_is_refused(stores: Stores) -> None:
    with pytest.raises(ConstraintViolated):
        await stores.commit(lambda uow: uow.inventories.add(inventory("TEA")))

    assert await _stored(stores) == {}


async def test_a_second_inventory_of_a_product_is_refused(stores: Stores) -> None:
    await stores.stock(TEA, 10)

    with pytest.raises(ConstraintViolated):
        await stores.commit(lambda uow: uow.inventories.add(inventory("TEA")))

    assert await _stored(stores) == {"TEA": FULL}


async def test_a_movement_of_no_inventory_is_refused(stores: Stores) -> None:
    await stores.stock(TEA, 10)

    async def misplace(uow: UnitOfWork) -> None:
        await uow.inventories.lock(["TEA"])
        uow.inventories.save(FULL.sell(1), movement(FULL, FULL.sell(1), sku="NONE"))

    with pytest.raises(ConstraintViolated):
        await stores.change(misplace)

    assert await _stored(stores) == {"TEA": FULL}


async def test_a_movement_is_recorded_once(stores: Stores) -> None:
    await stores.stock(TEA, 10)
    same = an_id("movement")

    async def move_twice(uow: UnitOfWork) -> None:
        await uow.inventories.lock(["TEA"])
        uow.inventories.save(FULL.sell(1), movement(FULL, FULL.sell(1), id=same))
        uow.inventories.save(FULL.sell(2), movement(FULL, FULL.sell(2), id=same))

    with pytest.raises(ConstraintViolated):
        await stores.change(move_twice)

    assert await _stored(stores) == {"TEA": FULL}
