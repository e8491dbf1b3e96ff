"""Money is transferred and credited without locks."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from uuid import UUID

import pytest

from shop.adapters.sql.schema.tables import accounts, rate_limits
from shop.application.idempotency.results import CommandResult
from shop.application.ledger.transfer_batch import GrantCredit, MakeTransfer
from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.account import BalanceTooLarge, InsufficientFunds, RecipientNotFound, Transfer
from shop.domain.shared.errors import ShopError
from shop.domain.shared.money import MAX_AMOUNT
from shop.domain.user import Role
from tests.adapters.sql.guarded.guarded_shop import CREDIT, GuardedShop
from tests.adapters.sql.guarded.statements import scanned_tables, statements
from tests.factories import eur

pytestmark = pytest.mark.anyio

_NUMBERS = count()


@dataclass(frozen=True)
class Customer:
    token: SessionToken
    email: str
    account_id: UUID


@pytest.fixture
async def ada(shop: GuardedShop) -> Customer:
    return await new_customer(shop)


@pytest.fixture
async def ben(shop: GuardedShop) -> Customer:
    return await new_customer(shop)


async def new_customer(shop: GuardedShop) -> Customer:
    signed_up = await shop.new_customer()
    token = signed_up.current_session.new_token
    assert token is not None
    return Customer(token=token, email=signed_up.user.email, account_id=signed_up.account.id)


def transfer(sender: Customer, email: str, amount: int) -> MakeTransfer:
    return MakeTransfer(
        session=sender.token, key=f"key-{next(_NUMBERS)}", to=email, amount=eur(amount), note=""
    )


async def make(shop: GuardedShop, *commands: MakeTransfer) -> Sequence[CommandResult[Transfer]]:
    return await shop.container.transfer_service().make(commands)


async def balances(shop: GuardedShop) -> Mapping[UUID, int]:
    return {each.id: each.balance for each in await shop.rows(accounts) if each.user_id}


async def set_balance(shop: GuardedShop, customer: Customer, balance: int) -> None:
    await shop.execute(
        f"UPDATE accounts SET balance = {balance} WHERE id = '{customer.account_id}'"  # noqa: S608
    )


class TestTransfers:
    async def test_group_takes_three_statements(
        self, shop: GuardedShop, ada: Customer, ben: Customer
    ) -> None:
        with statements(shop) as sent:
            results = await make(
                shop, transfer(ada, ben.email, 10), transfer(ben, ada.email.upper(), 3)
            )

        assert [each.unwrap().amount for each in results] == [eur(10), eur(3)]
        assert len(sent) == 3
        assert "rate_limits" in sent[1][0]
        assert await scanned_tables(shop, sent) == set()
        assert await balances(shop) == {ada.account_id: CREDIT - 7, ben.account_id: CREDIT + 7}
        assert shop.attempts == ["committed"]

    async def test_unknown_recipient_is_counted_with_locks(
        self, shop: GuardedShop, ada: Customer
    ) -> None:
        (result,) = await make(shop, transfer(ada, "unknown@example.com", 10))

        assert isinstance(result.value, RecipientNotFound)
        assert [each.hits for each in await shop.rows(rate_limits)] == [1]
        assert shop.attempts == []

    @pytest.mark.parametrize(
        ("balance", "error"), [(5, InsufficientFunds), (MAX_AMOUNT, BalanceTooLarge)]
    )
    async def test_balance_that_changed_meanwhile_is_compared(
        self,
        shop: GuardedShop,
        ada: Customer,
        ben: Customer,
        balance: int,
        error: type[ShopError],
    ) -> None:
        changed = ada if error is InsufficientFunds else ben
        shop.before_writing.append(partial(set_balance, shop, changed, balance))

        (result,) = await make(shop, transfer(ada, ben.email, 10))

        assert isinstance(result.value, error)
        assert shop.attempts == ["TransactionConflict"]

    async def test_change_that_leaves_enough_is_kept(
        self, shop: GuardedShop, ada: Customer, ben: Customer
    ) -> None:
        shop.before_writing.append(partial(set_balance, shop, ada, 10))

        (result,) = await make(shop, transfer(ada, ben.email, 10))

        assert result.unwrap().amount == eur(10)
        assert (await balances(shop))[ada.account_id] == 0
        assert shop.attempts == ["committed"]

    async def test_each_step_of_a_group_is_compared(
        self, shop: GuardedShop, ada: Customer, ben: Customer
    ) -> None:
        """The sum of both transfers would leave enough; the first one does not."""
        await set_balance(shop, ben, 0)
        shop.before_writing.append(partial(set_balance, shop, ada, 60))

        results = await make(shop, transfer(ada, ben.email, 100), transfer(ben, ada.email, 50))

        assert [type(each.value) for each in results] == [InsufficientFunds] * 2
        assert shop.attempts == ["TransactionConflict"]
        assert await balances(shop) == {ada.account_id: 60, ben.account_id: 0}

    async def test_opposite_transfers_do_not_disturb_each_other(
        self, shop: GuardedShop, ada: Customer, ben: Customer
    ) -> None:
        for _ in range(10):
            await asyncio.gather(
                make(shop, transfer(ada, ben.email, 5)),
                make(shop, transfer(ben, ada.email, 5)),
            )

        assert shop.attempts == ["committed"] * 20
        assert await balances(shop) == {ada.account_id: CREDIT, ben.account_id: CREDIT}


class TestCredits:
    @pytest.fixture
    async def admin(self, shop: GuardedShop) -> Customer:
        admin = await new_customer(shop)
        await shop.container.role_service().grant(admin.email, Role.ADMIN)
        return admin

    async def credit(
        self, shop: GuardedShop, admin: Customer, account_id: UUID
    ) -> CommandResult[Transfer]:
        command = GrantCredit(
            session=admin.token,
            key=f"key-{next(_NUMBERS)}",
            account_id=account_id,
            amount=eur(7),
            reason="a gift",
        )
        return await shop.container.transfer_service().grant_credit(command)

    async def test_account_is_credited_without_locks(
        self, shop: GuardedShop, admin: Customer, ada: Customer
    ) -> None:
        result = await self.credit(shop, admin, ada.account_id)

        assert result.unwrap().amount == eur(7)
        assert (await balances(shop))[ada.account_id] == CREDIT + 7
        assert shop.attempts == ["committed"]

    async def test_balance_that_became_too_large_is_not_credited(
        self, shop: GuardedShop, admin: Customer, ada: Customer
    ) -> None:
        shop.before_writing.append(partial(set_balance, shop, ada, MAX_AMOUNT - 6))

        result = await self.credit(shop, admin, ada.account_id)

        assert isinstance(result.value, BalanceTooLarge)
        assert shop.attempts == ["TransactionConflict"]
