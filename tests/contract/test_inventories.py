"""What every adapter owes the port to inventories."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.inventory import Inventory, StockMovement
from tests.contract.storage import Storage
from tests.factories import NOW, id_of, inventory, product, stock_movement

pytestmark = pytest.mark.anyio

TEA, POT = product("TEA"), product("POT")
FULL = inventory("TEA", 10)


async def _stored(storage: Storage) -> Mapping[str, Inventory]:
    return await storage.read(lambda uow: uow.inventories.get_many(["TEA", "POT", "NONE"]))


async def test_inventories_are_found_by_sku(storage: Storage) -> None:
    await storage.add_product(TEA, 10)
    await storage.add_product(POT, 3)

    assert await _stored(storage) == {"TEA": FULL, "POT": inventory("POT", 3)}
    assert await storage.read(lambda uow: uow.inventories.get_many([])) == {}


async def test_product_may_have_no_inventory(storage: Storage) -> None:
    await storage.commit(lambda uow: uow.products.add(TEA))

    assert await _stored(storage) == {}


async def test_locked_inventory_is_saved(storage: Storage) -> None:
    await storage.add_product(TEA, 10)
    await storage.add_product(POT, 3)

    async def take(uow: UnitOfWork) -> None:
        assert await uow.inventories.lock(["TEA", "NONE"]) == {"TEA": FULL}
        uow.inventories.save(FULL.sell(4), stock_movement(FULL, FULL.sell(4)))

    await storage.write(take)

    assert await _stored(storage) == {"TEA": inventory("TEA", 6), "POT": inventory("POT", 3)}


async def test_last_of_several_changes_is_stored(storage: Storage) -> None:
    await storage.add_product(TEA, 10)

    async def take_twice(uow: UnitOfWork) -> None:
        await uow.inventories.lock(["TEA"])
        once, twice = FULL.sell(4), FULL.sell(4).reserve(5)
        uow.inventories.save(once, stock_movement(FULL, once))
        uow.inventories.save(twice, stock_movement(once, twice))

    await storage.write(take_twice)

    assert await _stored(storage) == {"TEA": inventory("TEA", 6, 5)}


async def test_added_inventory_is_saved_with_its_movement(storage: Storage) -> None:
    empty = inventory("TEA")

    async def bring(uow: UnitOfWork) -> None:
        uow.products.add(TEA)
        uow.inventories.add(empty)
        uow.inventories.save(FULL, stock_movement(empty, FULL))

    await storage.write(bring)

    assert await _stored(storage) == {"TEA": FULL}


async def test_inventory_that_is_not_locked_cannot_be_saved(storage: Storage) -> None:
    await storage.add_product(TEA, 10)

    async with storage.unit_of_work() as uow:
        await uow.inventories.get_many(["TEA"])
        with pytest.raises(RuntimeError):
            uow.inventories.save(FULL.sell(1), stock_movement(FULL, FULL.sell(1)))

    assert await _stored(storage) == {"TEA": FULL}


async def test_inventory_needs_no_variant(storage: Storage) -> None:
    """A server of a release without variants adds products and their stock alone."""
    await storage.commit(lambda uow: uow.inventories.add(inventory("POT")))

    assert await _stored(storage) == {"POT": inventory("POT")}


async def test_second_inventory_of_a_product_is_rejected(storage: Storage) -> None:
    await storage.add_product(TEA, 10)

    with pytest.raises(ConstraintViolated):
        await storage.commit(lambda uow: uow.inventories.add(inventory("TEA")))

    assert await _stored(storage) == {"TEA": FULL}


async def test_movement_of_an_unknown_inventory_is_rejected(storage: Storage) -> None:
    await storage.add_product(TEA, 10)

    async def misplace(uow: UnitOfWork) -> None:
        await uow.inventories.lock(["TEA"])
        uow.inventories.save(FULL.sell(1), stock_movement(FULL, FULL.sell(1), sku="NONE"))

    with pytest.raises(ConstraintViolated):
        await storage.write(misplace)

    assert await _stored(storage) == {"TEA": FULL}


async def test_movement_is_recorded_once(storage: Storage) -> None:
    await storage.add_product(TEA, 10)
    same = id_of("movement")

    async def move_twice(uow: UnitOfWork) -> None:
        await uow.inventories.lock(["TEA"])
        uow.inventories.save(FULL.sell(1), stock_movement(FULL, FULL.sell(1), id=same))
        uow.inventories.save(FULL.sell(2), stock_movement(FULL, FULL.sell(2), id=same))

    with pytest.raises(ConstraintViolated):
        await storage.write(move_twice)

    assert await _stored(storage) == {"TEA": FULL}


async def test_movements_are_listed_by_inventory_from_the_newest(storage: Storage) -> None:
    await storage.commit(
        lambda uow: uow.products.add(TEA), lambda uow: uow.inventories.add(inventory("TEA"))
    )
    await storage.add_product(POT, 3)
    states = [inventory("TEA", number) for number in range(4)]
    movements = [
        stock_movement(
            before, after, id=id_of(f"m{after.on_hand}"), created_at=NOW + timedelta(days=number)
        )
        for number, (before, after) in enumerate(pairwise(states))
    ]
    for after, movement in zip(states[1:], movements, strict=True):

        async def move(
            uow: UnitOfWork, after: Inventory = after, movement: StockMovement = movement
        ) -> None:
            await uow.inventories.lock(["TEA"])
            uow.inventories.save(after, movement)

        await storage.write(move)

    async def page(after: TimeCursor | None) -> Page[StockMovement, TimeCursor]:
        request = PageRequest(limit=2, after=after)
        return await storage.read(lambda uow: uow.inventories.movements("TEA", request))

    first = await page(None)
    assert list(first.items) == [movements[2], movements[1]]
    assert first.next == TimeCursor(at=movements[1].created_at, id=movements[1].id)
    assert await page(first.next) == Page(items=[movements[0]], next=None)
    wanted = [movements[0].id, id_of("none")]
    found = await storage.read(lambda uow: uow.inventories.find_movements(wanted))
    assert found == {movements[0].id: movements[0]}
