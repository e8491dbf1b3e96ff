"""Customers are created in batches, with their accounts."""

from functools import partial

import pytest

from shop.adapters.memory.engine.database import MemoryDatabase
from shop.adapters.memory.unit_of_work import MemoryUnitOfWork
from shop.application.identity.customer_import import CustomerImport, NewCustomer
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import TransferKind
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import EmailTaken, Role
from tests.application.lost_commit import LostCommitResponse, assert_audit_is_clean
from tests.clock import FakeClock
from tests.doubles import SequentialIds
from tests.factories import ADJUSTMENTS, eur, user

pytestmark = pytest.mark.anyio


HASH = "hash of everybody's password"

ADA = NewCustomer(name=" Ada ", email="Ada@Example.com")

BOB = NewCustomer(name="Bob", email="bob@example.com")


@pytest.fixture
def customer_import(runner: TransactionRunner, clock: FakeClock) -> CustomerImport:
    return CustomerImport(runner, clock, SequentialIds(), welcome_credit=eur(1000))


async def test_customers_get_an_account_with_the_welcome_credit(
    customer_import: CustomerImport, database: MemoryDatabase, runner: TransactionRunner
) -> None:
    assert len(await customer_import.add([ADA, BOB], HASH)) == 2

    ada, bob = database.state.users.rows.values()
    assert ada == user("ada", id=ada.id, password_hash=HASH, roles=frozenset({Role.CUSTOMER}))
    assert bob.email == "bob@example.com"
    accounts = database.state.accounts.rows.values()
    assert [each.user_id for each in accounts] == [ada.id, bob.id]
    assert [each.balance for each in accounts] == [eur(1000), eur(1000)]
    transfers = database.state.transfers.rows.values()
    assert {each.kind for each in transfers} == {TransferKind.WELCOME}
    assert [each.debit_account_id for each in transfers] == [ADJUSTMENTS, ADJUSTMENTS]
    assert [each.credit_account_id for each in transfers] == [each.id for each in accounts]
    await assert_audit_is_clean(runner)


async def test_existing_customers_are_kept(
    customer_import: CustomerImport, database: MemoryDatabase
) -> None:
    await customer_import.add([ADA], HASH)
    ada = database.state.users.rows

    assert len(await customer_import.add([ADA, BOB], "another hash")) == 1

    assert dict(list(database.state.users.rows.items())[:1]) == ada
    assert [each.email for each in database.state.users.rows.values()] == [
        "ada@example.com",
        "bob@example.com",
    ]
    assert len(database.state.accounts.rows) == len(database.state.transfers.rows) == 2


async def test_no_money_moves_without_a_welcome_credit(
    runner: TransactionRunner, clock: FakeClock, database: MemoryDatabase
) -> None:
    customer_import = CustomerImport(runner, clock, SequentialIds(), welcome_credit=eur(0))

    assert len(await customer_import.add([ADA], HASH)) == 1

    (account,) = database.state.accounts.rows.values()
    assert account.balance == eur(0)
    assert database.state.transfers.rows == {}


async def test_customers_are_counted_and_added_once_whatever_the_commit_outcome(
    database: MemoryDatabase, clock: FakeClock
) -> None:
    snapshot = partial(MemoryUnitOfWork, database, writing=False)
    runner = TransactionRunner(LostCommitResponse(database).new_unit_of_work, snapshot, clock)
    customer_import = CustomerImport(runner, clock, SequentialIds(), welcome_credit=eur(1000))

    assert len(await customer_import.add([ADA, BOB], HASH)) == 2

    assert len(database.state.users.rows) == len(database.state.transfers.rows) == 2


async def test_invalid_batch_of_customers_adds_none(
    customer_import: CustomerImport, database: MemoryDatabase
) -> None:
    before = database.state

    with pytest.raises(InvalidValue):
        await customer_import.add([ADA, NewCustomer(name="", email="bob@example.com")], HASH)
    with pytest.raises(EmailTaken):
        await customer_import.add([ADA, ADA], HASH)

    assert database.state == before
