"""Accounts and transfers in memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from shop.adapters.memory.engine.database import State
from shop.adapters.memory.engine.table import require_constraint
from shop.adapters.memory.engine.transaction import MemoryTransaction, StagedRows
from shop.application.ports.repositories.accounts import Accounts
from shop.application.ports.unit_of_work import LockOrder
from shop.domain.account import Account, ShopAccount, Transfer
from shop.domain.shared.money import Currency


class MemoryAccounts(Accounts):
    """The customers' accounts, in memory."""

    def __init__(self, transaction: MemoryTransaction) -> None:
        self._rows = StagedRows(transaction, LockOrder.ACCOUNTS, lambda state: state.accounts)

    async def for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Return the users' accounts in the currency, by user id."""
        accounts = self._rows.committed
        return {
            user_id: account
            for user_id in user_ids
            if (account := accounts.find("uq_accounts_user_id_currency", (user_id, currency)))
        }

    async def lock_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Like `for_users`, and lock the accounts."""
        found = await self.for_users(user_ids, currency)
        self._rows.lock([account.id for account in found.values()])
        return found

    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Account]:
        """Return and lock accounts by id."""
        return self._rows.lock(ids)

    def add(self, account: Account) -> None:
        """Stage a new account."""
        self._rows.add(account)

    def save(self, account: Account) -> None:
        """Stage the new balance of a locked account."""
        self._rows.save(account)

    def apply(self, state: State) -> State:
        """Return the state with the staged changes."""
        for account in self._rows.staged:
            require_constraint(account.user_id in state.users.rows, "fk_accounts_user_id_users")
            is_sufficient = not account.balance < account.minimum_balance
            require_constraint(is_sufficient, "ck_accounts_balance_not_below_limit")
        return replace(state, accounts=self._rows.apply(state))


def _counterparty(state: State, account_id: UUID, transfer: Transfer) -> str:
    """Return the e-mail address or name of the other account."""
    ids = {transfer.debit_account_id, transfer.credit_account_id}
    (other,) = ids - {account_id}
    for shop_account in ShopAccount:
        if other == shop_account.account_id(transfer.amount.currency):
            return shop_account.value
    return state.users.rows[state.accounts.rows[other].user_id].email
