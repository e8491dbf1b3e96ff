"""What every adapter owes the port to transfers."""

from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.application.ports.unit_of_work import ConstraintViolated
from shop.domain.account import ShopAccount, Transfer, TransferKind
from tests.contract.stores import Stores
from tests.factories import (
    ADJUSTMENTS,
    EUR,
    NOW,
    SALES,
    account,
    an_id,
    transfer,
    user,
    welcome,
)

pytestmark = pytest.mark.anyio

ADA, BOB, CAT = user("ada"), user("bob"), user("cat")
ADAS, BOBS, CATS = account(ADA, 100), account(BOB, 100), account(CAT)
EVERYTHING: PageRequest[TimeCursor] = PageRequest(limit=100, after=None)


@pytest.fixture
async def accounts(stores: Stores) -> Stores:
    """Give a storage in which everybody has an account."""
    await stores.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB, CAT)),
        *(lambda uow, each=each: uow.accounts.add(each) for each in (ADAS, BOBS, CATS)),
    )
    return stores


async def _add(stores: Stores, *transfers: Transfer) -> None:
    await stores.commit(*(lambda uow, each=each: uow.transfers.add(each) for each in transfers))


async def _entries(
    stores: Stores, account_id: UUID, page: PageRequest[TimeCursor] = EVERYTHING
) -> Page[AccountEntry, TimeCursor]:
    return await stores.see(lambda uow: uow.transfers.entries(account_id, page))


async def test_transfers_are_found_by_id_as_they_were_added(accounts: Stores) -> None:
    paid = transfer(
        ADAS.id, SALES, 70, kind=TransferKind.CHARGE, order_id=an_id("order"), note="für 🍵"
    )
    gift = transfer(ADAS.id, BOBS.id, 30)
    await _add(accounts, paid, gift)

    found = await accounts.see(
        lambda uow: uow.transfers.get_many([gift.id, an_id("none"), paid.id])
    )

    assert found == {paid.id: paid, gift.id: gift}


async def test_both_customers_see_a_transfer_and_the_name_of_the_other(accounts: Stores) -> None:
    gift = transfer(ADAS.id, BOBS.id)
    await _add(accounts, gift)

    adas, bobs = await _entries(accounts, ADAS.id), await _entries(accounts, BOBS.id)

    assert adas == Page(items=[AccountEntry(transfer=gift, counterparty=BOB.email)], next=None)
    assert bobs == Page(items=[AccountEntry(transfer=gift, counterparty=ADA.email)], next=None)
    assert await _entries(accounts, CATS.id) == Page(items=[], next=None)


@pytest.mark.parametrize("shop_account", ShopAccount)
async def test_a_customer_sees_the_name_of_the_shops_account(
    accounts: Stores, shop_account: ShopAccount
) -> None:
    paid = transfer(ADAS.id, shop_account.account_id(EUR))
    given = transfer(shop_account.account_id(EUR), BOBS.id)
    await _add(accounts, paid, given)

    adas, bobs = await _entries(accounts, ADAS.id), await _entries(accounts, BOBS.id)

    assert adas.items == [AccountEntry(transfer=paid, counterparty=shop_account.value)]
    assert bobs.items == [AccountEntry(transfer=given, counterparty=shop_account.value)]


async def test_the_newest_come_first_and_of_the_same_time_the_greatest_id(
    accounts: Stores,
) -> None:
    old = transfer(ADAS.id, BOBS.id, 1, created_at=NOW - timedelta(microseconds=1))
    low = transfer(BOBS.id, ADAS.id, 2, id=UUID(int=1))
    high = transfer(ADAS.id, CATS.id, 3, id=UUID(int=1 << 127))
    new = transfer(ADAS.id, SALES, 4, created_at=NOW + timedelta(microseconds=1))
    foreign = transfer(BOBS.id, CATS.id, 5)
    await _add(accounts, low, new, old, foreign, high)

    listing = await _entries(accounts, ADAS.id)

    assert [entry.transfer for entry in listing.items] == [new, high, low, old]
    assert listing.next is None


async def test_pages_follow_each_other_without_gap_or_overlap(accounts: Stores) -> None:
    # Three by three at the same time, so that pages end between transfers of one time.
    transfers = [
        transfer(ADAS.id, BOBS.id, n + 1, created_at=NOW + timedelta(seconds=n // 3))
        for n in range(7)
    ]
    await _add(accounts, *transfers)
    newest_first = sorted(transfers, key=lambda each: (each.created_at, each.id), reverse=True)

    first = await _entries(accounts, ADAS.id, PageRequest(limit=2, after=None))
    second = await _entries(accounts, ADAS.id, PageRequest(limit=2, after=first.next))
    third = await _entries(accounts, ADAS.id, PageRequest(limit=2, after=second.next))
    last = await _entries(accounts, ADAS.id, PageRequest(limit=2, after=third.next))

    pages = [[entry.transfer for entry in page.items] for page in (first, second, third, last)]
    assert pages == [newest_first[n : n + 2] for n in (0, 2, 4, 6)]
    assert third.next == TimeCursor(at=newest_first[5].created_at, id=newest_first[5].id)
    assert last.next is None


async def test_a_page_that_is_just_full_is_the_last(accounts: Stores) -> None:
    await _add(accounts, transfer(ADAS.id, BOBS.id, 1), transfer(ADAS.id, BOBS.id, 2))

    listing = await _entries(accounts, ADAS.id, PageRequest(limit=2, after=None))

    assert (len(listing.items), listing.next) == (2, None)


async def test_a_transfer_is_added_once(accounts: Stores) -> None:
    gift = transfer(ADAS.id, BOBS.id, 10)
    await _add(accounts, gift)

    with pytest.raises(ConstraintViolated):
        await _add(accounts, welcome(ADAS), transfer(ADAS.id, BOBS.id, 20, id=gift.id))

    assert (await _entries(accounts, ADAS.id)).items == [
        AccountEntry(transfer=gift, counterparty=BOB.email)
    ]


async def test_the_shops_accounts_may_pay_each_other(accounts: Stores) -> None:
    correction = transfer(ADJUSTMENTS, SALES)
    await _add(accounts, correction)

    assert (await _entries(accounts, SALES)).items == [
        AccountEntry(transfer=correction, counterparty="adjustments")
    ]
