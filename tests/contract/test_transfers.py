"""What every adapter owes the port to transfers."""

from datetime import timedelta
from uuid import UUID

import pytest

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.application.ports.unit_of_work import ConstraintViolated
from shop.domain.account import ShopAccount, Transfer, TransferKind
from tests.contract.storage import Storage
from tests.factories import (
    ADJUSTMENTS,
    EUR,
    NOW,
    SALES,
    account,
    id_of,
    transfer,
    user,
    welcome_transfer,
)

pytestmark = pytest.mark.anyio

ADA, BOB, CAT = user("ada"), user("bob"), user("cat")
ADA_ACCOUNT, BOB_ACCOUNT, CAT_ACCOUNT = account(ADA, 100), account(BOB, 100), account(CAT)
EVERYTHING: PageRequest[TimeCursor] = PageRequest(limit=100, after=None)


@pytest.fixture
async def accounts(storage: Storage) -> Storage:
    """Return a storage in which every user has an account."""
    await storage.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB, CAT)),
        *(
            lambda uow, each=each: uow.accounts.add(each)
            for each in (ADA_ACCOUNT, BOB_ACCOUNT, CAT_ACCOUNT)
        ),
    )
    return storage


async def _add(storage: Storage, *transfers: Transfer) -> None:
    await storage.commit(*(lambda uow, each=each: uow.transfers.add(each) for each in transfers))


async def _entries(
    storage: Storage, account_id: UUID, page: PageRequest[TimeCursor] = EVERYTHING
) -> Page[AccountEntry, TimeCursor]:
    return await storage.read(lambda uow: uow.transfers.entries(account_id, page))


async def test_transfers_are_found_by_id_as_they_were_added(accounts: Storage) -> None:
    paid = transfer(
        ADA_ACCOUNT.id, SALES, 70, kind=TransferKind.CHARGE, order_id=id_of("order"), note="für 🍵"
    )
    gift = transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 30)
    await _add(accounts, paid, gift)

    found = await accounts.read(
        lambda uow: uow.transfers.get_many([gift.id, id_of("none"), paid.id])
    )

    assert found == {paid.id: paid, gift.id: gift}


async def test_both_customers_see_a_transfer_with_the_name_of_the_other(accounts: Storage) -> None:
    gift = transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id)
    await _add(accounts, gift)

    adas, bobs = await _entries(accounts, ADA_ACCOUNT.id), await _entries(accounts, BOB_ACCOUNT.id)

    assert adas == Page(items=[AccountEntry(transfer=gift, counterparty=BOB.email)], next=None)
    assert bobs == Page(items=[AccountEntry(transfer=gift, counterparty=ADA.email)], next=None)
    assert await _entries(accounts, CAT_ACCOUNT.id) == Page(items=[], next=None)


@pytest.mark.parametrize("shop_account", ShopAccount)
async def test_customer_sees_the_name_of_the_shop_account(
    accounts: Storage, shop_account: ShopAccount
) -> None:
    paid = transfer(ADA_ACCOUNT.id, shop_account.account_id(EUR))
    given = transfer(shop_account.account_id(EUR), BOB_ACCOUNT.id)
    await _add(accounts, paid, given)

    adas, bobs = await _entries(accounts, ADA_ACCOUNT.id), await _entries(accounts, BOB_ACCOUNT.id)

    assert adas.items == [AccountEntry(transfer=paid, counterparty=shop_account.value)]
    assert bobs.items == [AccountEntry(transfer=given, counterparty=shop_account.value)]


async def test_newest_entries_come_first_and_equal_times_by_greatest_id(
    accounts: Storage,
) -> None:
    old = transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 1, created_at=NOW - timedelta(microseconds=1))
    low = transfer(BOB_ACCOUNT.id, ADA_ACCOUNT.id, 2, id=UUID(int=1))
    high = transfer(ADA_ACCOUNT.id, CAT_ACCOUNT.id, 3, id=UUID(int=1 << 127))
    new = transfer(ADA_ACCOUNT.id, SALES, 4, created_at=NOW + timedelta(microseconds=1))
    foreign = transfer(BOB_ACCOUNT.id, CAT_ACCOUNT.id, 5)
    await _add(accounts, low, new, old, foreign, high)

    page = await _entries(accounts, ADA_ACCOUNT.id)

    assert [entry.transfer for entry in page.items] == [new, high, low, old]
    assert page.next is None


async def test_pages_follow_each_other_without_gap_or_overlap(accounts: Storage) -> None:
    # Three by three at the same time, so that pages end between transfers of one time.
    transfers = [
        transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, n + 1, created_at=NOW + timedelta(seconds=n // 3))
        for n in range(7)
    ]
    await _add(accounts, *transfers)
    newest_first = sorted(transfers, key=lambda each: (each.created_at, each.id), reverse=True)

    first = await _entries(accounts, ADA_ACCOUNT.id, PageRequest(limit=2, after=None))
    second = await _entries(accounts, ADA_ACCOUNT.id, PageRequest(limit=2, after=first.next))
    third = await _entries(accounts, ADA_ACCOUNT.id, PageRequest(limit=2, after=second.next))
    last = await _entries(accounts, ADA_ACCOUNT.id, PageRequest(limit=2, after=third.next))

    pages = [[entry.transfer for entry in page.items] for page in (first, second, third, last)]
    assert pages == [newest_first[n : n + 2] for n in (0, 2, 4, 6)]
    assert third.next == TimeCursor(at=newest_first[5].created_at, id=newest_first[5].id)
    assert last.next is None


async def test_exactly_full_page_is_the_last(accounts: Storage) -> None:
    await _add(
        accounts,
        transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 1),
        transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 2),
    )

    page = await _entries(accounts, ADA_ACCOUNT.id, PageRequest(limit=2, after=None))

    assert (len(page.items), page.next) == (2, None)


async def test_transfer_is_added_once(accounts: Storage) -> None:
    gift = transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 10)
    await _add(accounts, gift)

    with pytest.raises(ConstraintViolated):
        await _add(
            accounts,
            welcome_transfer(ADA_ACCOUNT),
            transfer(ADA_ACCOUNT.id, BOB_ACCOUNT.id, 20, id=gift.id),
        )

    assert (await _entries(accounts, ADA_ACCOUNT.id)).items == [
        AccountEntry(transfer=gift, counterparty=BOB.email)
    ]


async def test_shop_accounts_may_pay_each_other(accounts: Storage) -> None:
    correction = transfer(ADJUSTMENTS, SALES)
    await _add(accounts, correction)

    assert (await _entries(accounts, SALES)).items == [
        AccountEntry(transfer=correction, counterparty="adjustments")
    ]
