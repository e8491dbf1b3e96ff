"""The port to accounts and the transfers between them."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from shop.domain.account import Account, Transfer
from shop.domain.shared.money import Currency


class Accounts(ABC):
    """The customers' accounts, as one unit of work sees them; the shop's own store nothing."""

    @abstractmethod
    async def for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Return the accounts of those users that have one in the currency, by user id."""

    @abstractmethod
    async def lock_for_users(
        self, user_ids: Collection[UUID], currency: Currency
    ) -> Mapping[UUID, Account]:
        """Do the same, and keep others from changing these accounts until the end."""

    @abstractmethod
    async def lock(self, ids: Collection[UUID]) -> Mapping[UUID, Account]:
        """Return those accounts that exist, by id, kept from others' changes until the end."""

    @abstractmethod
    def add(self, account: Account) -> None:
        """Stage a new account."""

    @abstractmethod
    def save(self, account: Account) -> None:
        """Stage the new balance of an account that was locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEntry:
    """A transfer as one of its two accounts sees it."""

    transfer: Transfer
    counterparty: str
    """The other customer's e-mail address, or the name of the shop's account."""
