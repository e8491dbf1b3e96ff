"""Shows customers' accounts and their statements."""

from functools import partial

from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account, AccountNotFound
from shop.domain.shared.money import Currency
from shop.domain.user import User


class AccountService:
    """Shows customers' accounts and their statements."""

    def __init__(self, transactions: TransactionRunner, currency: Currency) -> None:
        self._transactions = transactions
        self._currency = currency

    async def show(self, user: User) -> Account:
        """Return the user's account."""
        return await self._transactions.read(partial(self._account, user))

    async def statement(
        self, user: User, page: PageRequest[TimeCursor]
    ) -> tuple[Account, Page[AccountEntry, TimeCursor]]:
        """Return the user's account and a page of its transfers, newest first."""

        async def statement(uow: UnitOfWork) -> tuple[Account, Page[AccountEntry, TimeCursor]]:
            account = await self._account(user, uow)
            return account, await uow.transfers.entries(account.id, page)

        return await self._transactions.read(statement)

    async def _account(self, user: User, uow: UnitOfWork) -> Account:
        accounts = await uow.accounts.for_users([user.id], self._currency)
        if user.id not in accounts:
            raise AccountNotFound
        return accounts[user.id]
