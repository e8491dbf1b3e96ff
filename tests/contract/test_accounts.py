"""What every adapter owes the port to accounts."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.account import Account, ShopAccount
from shop.domain.shared.money import MAX_AMOUNT, Money
from tests.contract.stores import Stores
from tests.factories import EUR, USD, account, an_id, eur, user

pytestmark = pytest.mark.anyio

ADA, BOB, CAT = user("ada"), user("bob"), user("cat")
ADAS, BOBS = account(ADA, 100), account(BOB, MAX_AMOUNT, minimum_balance=eur(-50))


@pytest.fixture
async def accounts(stores: Stores) -> Stores:
    """Give a storage in which Ada and Bob have accounts, and Cat has none."""
    await stores.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB, CAT)),
        lambda uow: uow.accounts.add(ADAS),
        lambda uow: uow.accounts.add(BOBS),
    )
    return stores


async def _stored(stores: Stores) -> Mapping[UUID, Account]:
    return await stores.see(lambda uow: uow.accounts.for_users([ADA.id, BOB.id, CAT.id], EUR))


async def test_accounts_are_found_by_their_users(accounts: Stores) -> None:
    assert await _stored(accounts) == {ADA.id: ADAS, BOB.id: BOBS}


async def test_accounts_of_nobody_are_none(accounts: Stores) -> None:
    assert await accounts.see(lambda uow: uow.accounts.for_users([], EUR)) == {}


async def test_a_user_has_one_account_in_each_currency(accounts: Stores) -> None:
    dollars = Money(amount=7, currency=USD)
    second = account(ADA, id=an_id("dollars"), balance=dollars, minimum_balance=Money.zero(USD))
    await accounts.commit(lambda uow: uow.accounts.add(second))

    found = await accounts.see(lambda uow: uow.accounts.for_users([ADA.id, BOB.id], USD))

    assert found == {ADA.id: second}
    assert await _stored(accounts) == {ADA.id: ADAS, BOB.id: BOBS}


async def test_accounts_are_locked_by_their_users(accounts: Stores) -> None:
    async def pay(uow: UnitOfWork) -> None:
        found = await uow.accounts.lock_for_users([BOB.id, CAT.id, ADA.id], EUR)
        assert found == {ADA.id: ADAS, BOB.id: BOBS}
        uow.accounts.save(found[ADA.id].withdraw(eur(40)))

    await accounts.change(pay)

    assert await _stored(accounts) == {ADA.id: account(ADA, 60), BOB.id: BOBS}


async def test_accounts_are_locked_by_their_ids(accounts: Stores) -> None:
    async def pay(uow: UnitOfWork) -> None:
        found = await uow.accounts.lock([ADAS.id, an_id("nothing")])
        assert found == {ADAS.id: ADAS}
        uow.accounts.save(found[ADAS.id].deposit(eur(40)))

    await accounts.change(pay)

    assert await _stored(accounts) == {ADA.id: account(ADA, 140), BOB.id: BOBS}


async def test_the_last_state_saved_is_the_one_that_counts(accounts: Stores) -> None:
    async def pay(uow: UnitOfWork) -> None:
        found = await uow.accounts.lock([ADAS.id])
        uow.accounts.save(found[ADAS.id].withdraw(eur(40)))
        uow.accounts.save(found[ADAS.id].withdraw(eur(40)).withdraw(eur(1)))

    await accounts.change(pay)

    assert await _stored(accounts) == {ADA.id: account(ADA, 59), BOB.id: BOBS}


@pytest.mark.parametrize("each", ShopAccount)
async def test_the_shops_own_accounts_are_nobodys_to_lock(
    accounts: Stores, each: ShopAccount
) -> None:
    async def lock(uow: UnitOfWork) -> Mapping[UUID, Account]:
        return await uow.accounts.lock([each.account_id(EUR)])

    assert await accounts.change(lock) == {}


async def test_an_account_that_was_not_locked_is_not_saved(accounts: Stores) -> None:
    async with accounts.unit_of_work() as uow:
        await uow.accounts.lock_for_users([BOB.id], EUR)
        await uow.accounts.for_users([ADA.id], EUR)
        with pytest.raises(RuntimeError):
            uow.accounts.save(account(ADA, 99))

    assert await _stored(accounts) == {ADA.id: ADAS, BOB.id: BOBS}


async def test_a_second_account_in_the_same_currency_is_refused(accounts: Stores) -> None:
    second = account(ADA, id=an_id("second"))

    with pytest.raises(ConstraintViolated):
        await accounts.commit(lambda uow: uow.accounts.add(second))

    assert await _stored(accounts) == {ADA.id: ADAS, BOB.id: BOBS}


async def test_an_account_of_nobody_is_refused(stores: Stores) -> None:
    with pytest.raises(ConstraintViolated):
        await stores.commit(lambda uow: uow.accounts.add(ADAS))

    assert await _stored(stores) == {}


async def test_a_balance_below_the_limit_is_refused(accounts: Stores) -> None:
    async def overdraw(uow: UnitOfWork) -> None:
        await uow.accounts.lock([ADAS.id, BOBS.id])
        uow.accounts.save(account(BOB, -50, minimum_balance=eur(-50)))
        uow.accounts.save(account(ADA, -1))

    with pytest.raises(ConstraintViolated):
        await accounts.change(overdraw)

    assert await _stored(accounts) == {ADA.id: ADAS, BOB.id: BOBS}


async def test_a_balance_at_the_limit_is_none_too_low(accounts: Stores) -> None:
    async def drain(uow: UnitOfWork) -> None:
        await uow.accounts.lock([BOBS.id])
        uow.accounts.save(account(BOB, -50, minimum_balance=eur(-50)))

    await accounts.change(drain)

    drained = account(BOB, -50, minimum_balance=eur(-50))
    assert await _stored(accounts) == {ADA.id: ADAS, BOB.id: drained}
