"""A shop's storage as the contract suites use it, whatever is behind it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from shop.application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from shop.domain.catalogue.product import Product
from shop.domain.inventory import Inventory
from tests.factories import inventory, stock_movement

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Units of work and snapshots of one storage, and what tests do with them all the time."""

    unit_of_work: UnitOfWorkFactory
    snapshot: UnitOfWorkFactory

    async def commit(self, *stagings: Callable[[UnitOfWork], object]) -> None:
        """Stage these, and commit."""
        async with self.unit_of_work() as uow:
            for stage in stagings:
                stage(uow)
            await uow.commit()

    async def read(self, query: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Ask what is committed."""
        async with self.snapshot() as uow:
            return await query(uow)

    async def write(self, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Do something that asks first, and commit."""
        async with self.unit_of_work() as uow:
            result = await work(uow)
            await uow.commit()
        return result

    async def add_product(self, product: Product, on_hand: int) -> Inventory:
        """Add a product of which this many are on hand."""
        await self.commit(
            lambda uow: uow.products.add(product),
            lambda uow: uow.inventories.add(inventory(product.handle)),
        )
        empty, full = inventory(product.handle), inventory(product.handle, on_hand)

        async def add_on_hand(uow: UnitOfWork) -> None:
            await uow.inventories.lock([product.handle])
            uow.inventories.save(full, stock_movement(empty, full))

        await self.write(add_on_hand)
        return full
