"""What every adapter owes the port to saved addresses."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.address import Address, SavedAddress
from tests.contract.storage import Storage
from tests.factories import NOW, user

pytestmark = pytest.mark.anyio

ADA, GRACE = user("ada"), user("grace")
HOME = Address(name="Ada", line1="1 Main Street", country="DE", city="Berlin", postal_code="10115")
FULL = Address(
    name="Ada",
    company="Analytical Engines",
    line1="\u795e\u5bae\u524d1-1",
    line2="2nd floor",
    postal_code="150-0001",
    city="Shibuya-ku",
    region="\u6771\u4eac\u90fd",
    country="JP",
    phone="+81332249999",
    vat_number="JP1234567890123",
)


def _saved(number: int, owner: UUID = ADA.id, address: Address = HOME) -> SavedAddress:
    return SavedAddress(
        id=UUID(int=number),
        user_id=owner,
        address=address,
        created_at=NOW + timedelta(seconds=number),
    )


FIRST, SECOND, THIRD = _saved(1), _saved(2, address=FULL), _saved(3)
OF_GRACE = _saved(4, owner=GRACE.id)


@pytest.fixture
async def saved(storage: Storage) -> Storage:
    """Return the storage with the addresses of two users."""
    await storage.commit(lambda uow: uow.users.add(ADA), lambda uow: uow.users.add(GRACE))

    def add(uow: UnitOfWork) -> None:
        for each in (SECOND, FIRST, OF_GRACE, THIRD):
            uow.addresses.add(each)

    await storage.commit(add)
    return storage


async def _book(storage: Storage, owner: UUID = ADA.id) -> list[SavedAddress]:
    page: PageRequest[TimeCursor] = PageRequest(limit=10, after=None)
    return list((await storage.read(lambda uow: uow.addresses.of_user(owner, page))).items)


async def test_book_has_the_addresses_of_its_user_newest_first(saved: Storage) -> None:
    assert await _book(saved) == [THIRD, SECOND, FIRST]
    assert await _book(saved, GRACE.id) == [OF_GRACE]
    assert await saved.read(lambda uow: uow.addresses.count(ADA.id)) == 3
    assert await saved.read(lambda uow: uow.addresses.count(UUID(int=9))) == 0


async def test_book_is_read_in_pages(saved: Storage) -> None:
    first = await saved.read(
        lambda uow: uow.addresses.of_user(ADA.id, PageRequest(limit=2, after=None))
    )
    second = await saved.read(
        lambda uow: uow.addresses.of_user(ADA.id, PageRequest(limit=2, after=first.next))
    )

    assert (first.items, second.items) == ([THIRD, SECOND], [FIRST])
    assert second.next is None


async def test_address_is_found_in_its_own_book_only(saved: Storage) -> None:
    assert await saved.read(lambda uow: uow.addresses.find(ADA.id, SECOND.id)) == SECOND
    assert await saved.read(lambda uow: uow.addresses.find(GRACE.id, SECOND.id)) is None
    assert await saved.read(lambda uow: uow.addresses.find(ADA.id, UUID(int=9))) is None


async def test_addresses_are_saved_and_removed(saved: Storage) -> None:
    moved = replace(FIRST, address=FULL)

    async def change(uow: UnitOfWork) -> None:
        await uow.users.lock([ADA.id])
        uow.addresses.save(moved)
        uow.addresses.remove(THIRD)

    await saved.write(change)

    assert await _book(saved) == [SECOND, moved]
    assert await _book(saved, GRACE.id) == [OF_GRACE]


async def test_changes_that_are_not_committed_are_lost(saved: Storage) -> None:
    async with saved.unit_of_work() as uow:
        uow.addresses.remove(THIRD)
        uow.addresses.add(_saved(5))

    assert await _book(saved) == [THIRD, SECOND, FIRST]


async def test_snapshot_changes_nothing(saved: Storage) -> None:
    async with saved.snapshot() as uow:
        for change in (uow.addresses.add, uow.addresses.save, uow.addresses.remove):
            with pytest.raises(RuntimeError):
                change(FIRST)

    assert await _book(saved) == [THIRD, SECOND, FIRST]
