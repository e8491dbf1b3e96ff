"""The address book: the user's own, with a limit, and written as the country does."""

from uuid import UUID

import pytest

from shop.application.identity.address_book import AddAddress, RemoveAddress, ReplaceAddress
from shop.application.ports.paging import PageRequest, TimeCursor
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import CommitOutcomeUnknown
from shop.domain.address import (
    MAX_ADDRESSES,
    Address,
    AddressNotFound,
    InvalidAddress,
    SavedAddress,
    TooManyAddresses,
)
from shop.domain.session import NotSignedIn
from tests.application.memory_shop import MemoryShop

pytestmark = pytest.mark.anyio

HOME = Address(name="Ada", line1="1 Main Street", country="DE", city="Berlin", postal_code="10115")
WORK = Address(
    name="Ada", line1="2 Main Street", country="GB", city="London", postal_code="SW1A1AA"
)
NOWHERE = UUID(int=0)


@pytest.fixture
async def ada(shop: MemoryShop) -> SessionToken:
    return await shop.customer("ada")


async def _add(shop: MemoryShop, token: SessionToken | None, address: Address) -> SavedAddress:
    return await shop.container.address_book().add(AddAddress(session=token, address=address))


async def _book(shop: MemoryShop, name: str = "ada") -> list[SavedAddress]:
    page: PageRequest[TimeCursor] = PageRequest(limit=100, after=None)
    return list((await shop.container.address_book().show(shop.user(name), page)).items)


async def test_address_is_saved_in_the_form_of_its_country(
    shop: MemoryShop, ada: SessionToken
) -> None:
    saved = await _add(shop, ada, WORK)

    assert saved.address.postal_code == "SW1A 1AA"
    assert await _book(shop) == [saved]


async def test_address_that_its_country_does_not_have_is_not_saved(
    shop: MemoryShop, ada: SessionToken
) -> None:
    without_city = Address(name="Ada", line1="1", country="DE", postal_code="10115")

    with pytest.raises(InvalidAddress):
        await _add(shop, ada, without_city)

    assert await _book(shop) == []


async def test_address_is_replaced_and_removed(shop: MemoryShop, ada: SessionToken) -> None:
    book = shop.container.address_book()
    saved = await _add(shop, ada, HOME)

    replaced = await book.replace(ReplaceAddress(session=ada, address_id=saved.id, address=WORK))

    assert (replaced.id, replaced.created_at) == (saved.id, saved.created_at)
    assert await _book(shop) == [replaced]
    await book.remove(RemoveAddress(session=ada, address_id=saved.id))
    assert await _book(shop) == []


async def test_address_of_another_user_is_missing(shop: MemoryShop, ada: SessionToken) -> None:
    grace = await shop.customer("grace")
    saved = await _add(shop, ada, HOME)
    book = shop.container.address_book()

    for address_id in (saved.id, NOWHERE):
        with pytest.raises(AddressNotFound):
            await book.replace(ReplaceAddress(session=grace, address_id=address_id, address=WORK))
        with pytest.raises(AddressNotFound):
            await book.remove(RemoveAddress(session=grace, address_id=address_id))

    assert await _book(shop, "grace") == []
    assert await _book(shop) == [saved]


async def test_full_book_takes_no_more(shop: MemoryShop, ada: SessionToken) -> None:
    for _ in range(MAX_ADDRESSES):
        await _add(shop, ada, HOME)
    before = await _book(shop)

    with pytest.raises(TooManyAddresses):
        await _add(shop, ada, HOME)

    assert await _book(shop) == before
    assert len(before) == MAX_ADDRESSES


async def test_visitor_has_no_book(shop: MemoryShop) -> None:
    with pytest.raises(NotSignedIn):
        await _add(shop, None, HOME)

    assert shop.state.addresses.rows == {}


async def test_address_is_added_once_if_the_commit_gets_no_answer(
    shop: MemoryShop, ada: SessionToken
) -> None:
    shop.faults.plan(("committed", CommitOutcomeUnknown()))

    saved = await _add(shop, ada, HOME)

    assert await _book(shop) == [saved]
