"""What every adapter owes the port to accounts."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from shop.application.ports.unit_of_work import ConstraintViolated, UnitOfWork
from shop.domain.account import Account, ShopAccount
from shop.domain.shared.money import MAX_AMOUNT, Money
from tests.contract.storage import Storage
from tests.factories import EUR, USD, account, eur, id_of, user

pytestmark = pytest.mark.anyio

ADA, BOB, CAT = user("ada"), user("bob"), user("cat")
ADA_ACCOUNT, BOB_ACCOUNT = account(ADA, 100), account(BOB, MAX_AMOUNT, minimum_balance=eur(-50))


@pytest.fixture
async def accounts(storage: Storage) -> Storage:
    """Return a storage in which Ada and Bob have accounts, and Cat has none."""
    await storage.commit(
        *(lambda uow, each=each: uow.users.add(each) for each in (ADA, BOB, CAT)),
        lambda uow: uow.accounts.add(ADA_ACCOUNT),
        lambda uow: uow.accounts.add(BOB_ACCOUNT),
    )
    return storage


async def _stored(storage: Storage) -> Mapping[UUID, Account]:
    return await storage.read(lambda uow: uow.accounts.for_users([ADA.id, BOB.id, CAT.id], EUR))


async def test_accounts_are_found_by_their_users(accounts: Storage) -> None:
    assert await _stored(accounts) == {ADA.id: ADA_ACCOUNT, BOB.id: BOB_ACCOUNT}


async def test_unknown_user_has_no_account(accounts: Storage) -> None:
    assert await accounts.read(lambda uow: uow.accounts.for_users([], EUR)) == {}


async def test_user_has_one_account_per_currency(accounts: Storage) -> None:
    dollars = Money(amount=7, currency=USD)
    second = account(ADA, id=id_of("dollars"), balance=dollars, minimum_balance=Money.zero(USD))
    await accounts.commit(lambda uow: uow.accounts.add(second))

    found = await accounts.read(lambda uow: uow.accounts.for_users([ADA.id, BOB.id], USD))

    assert found == {ADA.id: second}
    assert await _stored(accounts) == {ADA.id: ADA_ACCOUNT, BOB.id: BOB_ACCOUNT}


async def test_accounts_are_locked_by_their_users(accounts: Storage) -> None:
    async def pay(uow: UnitOfWork) -> None:
        found = await uow.accounts.lock_for_users([BOB.id, CAT.id, ADA.id], EUR)
        assert found == {ADA.id: ADA_ACCOUNT, BOB.id: BOB_ACCOUNT}
        uow.accounts.save(found[ADA.id].withdraw(eur(40)))

    await accounts.write(pay)

    assert await _stored(accounts) == {ADA.id: account(ADA, 60), BOB.id: BOB_ACCOUNT}


async def test_accounts_are_locked_by_their_ids(accounts: Storage) -> None:
    async def pay(uow: UnitOfWork) -> None:
        found = await uow.accounts.lock([ADA_ACCOUNT.id, id_of("nothing")])
        assert found == {ADA_ACCOUNT.id: ADA_ACCOUNT}
        uow.accounts.save(found[ADA_ACCOUNT.id].deposit(eur(40)))

    await accounts.write(pay)

    assert await _stored(accounts) == {ADA.id: account(ADA, 140), BOB.id: BOB_ACCOUNT}


async def test_last_saved_state_is_stored(accounts: Storage) -> None:
    async def pay(uow: UnitOfWork) -> None:
        found = await uow.accounts.lock([ADA_ACCOUNT.id])
        uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(40)))
        uow.accounts.save(found[ADA_ACCOUNT.id].withdraw(eur(40)).withdraw(eur(1)))

    await accounts.write(pay)

    assert await _stored(accounts) == {ADA.id: account(ADA, 59), BOB.id: BOB_ACCOUNT}


@pytest.mark.parametrize("each", ShopAccount)
async def test_shop_accounts_cannot_be_locked(accounts: Storage, each: ShopAccount) -> None:
    async def lock(uow: UnitOfWork) -> Mapping[UUID, Account]:
        return await uow.accounts.lock([each.account_id(EUR)])

    assert await accounts.write(lock) == {}


async def test_account_that_is_not_locked_cannot_be_saved(accounts: Storage) -> None:
    async with accounts.unit_of_work() as uow:
        await uow.accounts.lock_for_users([BOB.id], EUR)
        await uow.accounts.for_users([ADA.id], EUR)
        with pytest.raises(RuntimeError):
            uow.accounts.save(account(ADA, 99))

    assert await _stored(accounts) == {ADA.id: ADA_ACCOUNT, BOB.id: BOB_ACCOUNT}


async def test_second_account_in_the_same_currency_is_rejected(accounts: Storage) -> None:
    second = account(ADA, id=id_of("second"))

    with pytest.raises(ConstraintViolated):
        await accounts.commit(lambda uow: uow.accounts.add(second))

    assert await _stored(accounts) == {ADA.id: ADA_ACCOUNT, BOB.id: BOB_ACCOUNT}


async def test_account_of_an_unknown_user_is_rejected(storage: Storage) -> None:
    with pytest.raises(ConstraintViolated):
        await storage.commit(lambda uow: uow.accounts.add(ADA_ACCOUNT))

    assert await _stored(storage) == {}


async def test_balance_below_the_minimum_is_rejected(accounts: Storage) -> None:
    async def overdraw(uow: UnitOfWork) -> None:
        await uow.accounts.lock([ADA_ACCOUNT.id, BOB_ACCOUNT.id])
        uow.accounts.save(account(BOB, -50, minimum_balance=eur(-50)))
        uow.accounts.save(account(ADA, -1))

    with pytest.raises(ConstraintViolated):
        await accounts.write(overdraw)

    assert await _stored(accounts) == {ADA.id: ADA_ACCOUNT, BOB.id: BOB_ACCOUNT}


async def test_balance_at_the_minimum_is_accepted(accounts: Storage) -> None:
    async def drain(uow: UnitOfWork) -> None:
        await uow.accounts.lock([BOB_ACCOUNT.id])
        uow.accounts.save(account(BOB, -50, minimum_balance=eur(-50)))

    await accounts.write(drain)

    drained = account(BOB, -50, minimum_balance=eur(-50))
    assert await _stored(accounts) == {ADA.id: ADA_ACCOUNT, BOB.id: drained}
