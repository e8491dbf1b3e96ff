"""Creates customers in batches, without a session."""

from collections.abc import Iterable, Sequence
from functools import partial

from shop.application.identity.email_lookup import find_by_emails
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account, welcome_transfer
from shop.domain.shared.money import Money
from shop.domain.shared.value import value
from shop.domain.user import Role, User, normalise_name, normalise_new_email


@value
class NewCustomer:
    """A customer to create."""

    name: str
    email: str


class CustomerImport:
    """Creates customers with accounts and welcome credit."""

    def __init__(
        self, transactions: TransactionRunner, clock: Clock, ids: IdGenerator, welcome_credit: Money
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._ids = ids
        self._welcome_credit = welcome_credit

    async def add(self, batch: Iterable[NewCustomer], password_hash: str) -> Sequence[User]:
        """Create users with accounts and welcome credit, all or none; return the users.

        Skips e-mail addresses in use. Raise `InvalidValue` for an invalid name or address, or
        `EmailTaken` if an address was taken at the same time.
        """
        users = [self._new_user(each, password_hash) for each in batch]
        accounts = [self._new_account(user) for user in users]
        work = partial(self._add, users, accounts)
        return await self._transactions.write(work, retryable=True)

    async def _add(
        self, users: Sequence[User], accounts: Sequence[Account], uow: UnitOfWork
    ) -> Sequence[User]:
        existing = await find_by_emails(uow, [user.email for user in users])
        for user, account in zip(users, accounts, strict=True):
            if user.email not in existing:
                uow.users.add(user)
                uow.accounts.add(account)
                if account.balance.amount:
                    uow.transfers.add(welcome_transfer(account, id=self._ids.new()))
        await uow.commit()
        # A user with the same id was created by an earlier attempt whose commit got no answer.
        return [user for user in users if existing.get(user.email, user).id == user.id]

    def _new_user(self, customer: NewCustomer, password_hash: str) -> User:
        return User(
            id=self._ids.new(),
            name=normalise_name(customer.name),
            email=normalise_new_email(customer.email),
            password_hash=password_hash,
            roles=frozenset({Role.CUSTOMER}),
            enabled=True,
            created_at=self._clock.now(),
        )

    def _new_account(self, user: User) -> Account:
        return Account(
            id=self._ids.new(),
            user_id=user.id,
            balance=self._welcome_credit,
            minimum_balance=Money.zero(self._welcome_credit.currency),
            created_at=user.created_at,
        )
