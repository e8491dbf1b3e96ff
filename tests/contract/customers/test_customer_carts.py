"""What every adapter owes the port to the carts of customers."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.address import Address
from shop.domain.cart import Cart
from shop.domain.customer_cart import EMPTY_CART, CartContent, CustomerCart
from shop.domain.orders.order_details import OrderDetails
from tests.contract.storage import Storage
from tests.factories import line_quantities, user

pytestmark = pytest.mark.anyio

ADA, BOB, CYN = user("ada"), user("bob"), user("cyn")
FULL = CartContent(
    cart=Cart(lines=line_quantities(TEA=2, CUP=10_000, BAG=1)),
    details=OrderDetails(
        email="ada@example.com",
        shipping_address=Address(name="Ada", line1="1 Main Street", country="DE", city="Köln"),
        billing_address=Address(
            name="Ada", line1="2 Rue", country="FR", vat_number="FR40303265045"
        ),
        shipping_method="parcel",
        codes=("WELCOME10", "SPRING"),
    ),
)
TEA = CartContent(cart=Cart(lines=line_quantities(TEA=1)))


@pytest.fixture(autouse=True)
async def users(storage: Storage) -> None:
    await storage.commit(*(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB, CYN)))


async def _carts(storage: Storage) -> Mapping[UUID, CustomerCart]:
    return await storage.read(lambda uow: uow.customer_carts.get_many([ADA.id, BOB.id, CYN.id]))


async def _save(storage: Storage, owner: UUID, content: CartContent) -> None:
    async def save(uow: UnitOfWork) -> None:
        carts = await uow.customer_carts.lock_or_add([owner])
        uow.customer_carts.save(carts[owner].with_content(content))

    await storage.write(save)


async def test_carts_are_found_by_user_as_they_were_saved(storage: Storage) -> None:
    await _save(storage, ADA.id, FULL)
    await _save(storage, BOB.id, TEA)

    assert await _carts(storage) == {
        ADA.id: CustomerCart(user_id=ADA.id, content=FULL, version=1),
        BOB.id: CustomerCart(user_id=BOB.id, content=TEA, version=1),
    }


async def test_order_of_lines_is_kept(storage: Storage) -> None:
    await _save(storage, ADA.id, FULL)

    lines = (await _carts(storage))[ADA.id].content.cart.lines
    assert [each.sku for each in lines] == ["TEA", "CUP", "BAG"]


async def test_cart_of_a_new_user_is_stored_as_it_is_in_the_end(storage: Storage) -> None:
    dan = user("dan")

    async def sign_up(uow: UnitOfWork) -> None:
        uow.users.add(dan)
        cart = CustomerCart.new(dan.id)
        uow.customer_carts.add(cart)
        uow.customer_carts.save(cart.with_content(TEA))

    await storage.write(sign_up)

    found = await storage.read(lambda uow: uow.customer_carts.get_many([dan.id]))
    assert found == {dan.id: CustomerCart(user_id=dan.id, content=TEA, version=0)}


async def test_missing_cart_is_locked_as_an_empty_one_only_if_that_is_asked(
    storage: Storage,
) -> None:
    await _save(storage, ADA.id, TEA)

    async def lock(uow: UnitOfWork) -> Mapping[UUID, CustomerCart]:
        return await uow.customer_carts.lock([ADA.id, BOB.id])

    async def lock_or_add(uow: UnitOfWork) -> Mapping[UUID, CustomerCart]:
        return await uow.customer_carts.lock_or_add([ADA.id, BOB.id])

    tea = CustomerCart(user_id=ADA.id, content=TEA, version=1)
    assert await storage.write(lock) == {ADA.id: tea}
    added = {ADA.id: tea, BOB.id: CustomerCart(user_id=BOB.id, content=EMPTY_CART, version=0)}
    assert await storage.write(lock_or_add) == added
    assert await _carts(storage) == added


async def test_last_of_several_changes_in_a_unit_of_work_is_one_step(storage: Storage) -> None:
    await _save(storage, ADA.id, FULL)

    async def save_twice(uow: UnitOfWork) -> None:
        cart = (await uow.customer_carts.lock([ADA.id]))[ADA.id]
        uow.customer_carts.save(cart.with_content(EMPTY_CART))
        uow.customer_carts.save(cart.with_content(TEA))

    await storage.write(save_twice)

    assert await _carts(storage) == {ADA.id: CustomerCart(user_id=ADA.id, content=TEA, version=2)}


async def test_cart_that_was_not_locked_cannot_be_saved(storage: Storage) -> None:
    await _save(storage, ADA.id, FULL)

    async def save(uow: UnitOfWork) -> None:
        cart = (await uow.customer_carts.get_many([ADA.id]))[ADA.id]
        uow.customer_carts.save(replace(cart, content=TEA))

    with pytest.raises(RuntimeError, match="was not locked"):
        await storage.write(save)

    assert (await _carts(storage))[ADA.id].content == FULL


async def test_two_who_add_the_same_cart_at_once_lose_nothing(storage: Storage) -> None:
    async def put(sku: str) -> None:
        async def work(uow: UnitOfWork) -> None:
            cart = (await uow.customer_carts.lock_or_add([ADA.id]))[ADA.id]
            lines = (*cart.content.cart.lines, *line_quantities(**{sku: 1}))
            uow.customer_carts.save(cart.with_content(CartContent(cart=Cart(lines=lines))))

        await storage.write(work)

    await asyncio.gather(*(put(f"S{number}") for number in range(5)))

    cart = (await _carts(storage))[ADA.id]
    assert sorted(each.sku for each in cart.content.cart.lines) == [f"S{each}" for each in range(5)]
