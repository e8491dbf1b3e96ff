"""Port to the customers' accounts."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from uuid import UUID

from shop.domain.account import Account, Transfer
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value


class Accounts(ABC):
    """The customers' accounts; the shop's own accounts are not stored."""

    @abstractmethod
    async def for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Return the users' accounts in the currency, by user id."""

    @abstractmethod
    async def lock_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Like `for_users`, and lock the accounts."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Account]:
        """Return and lock accounts, by id."""

    @abstractmethod
    def add(self, account: Account) -> None:
        """Stage a new account."""

    @abstractmethod
    def save(self, account: Account) -> None:
        """Stage the new balance of a locked account."""


@value
class AccountEntry:
    """A transfer in the statement of one of its two accounts."""

    transfer: Transfer
    counterparty: str
    """The other customer's e-mail address, or the name of the shop's account."""
