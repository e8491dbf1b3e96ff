"""Accounts and the transfers between them: double entry by construction."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID, uuid5

from shop.domain.shared.errors import Conflict, InvalidValue, NotFound
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money

MAX_NOTE_CHARACTERS = 200

_SHOP_ACCOUNT_NAMESPACE = UUID("6f1c1f0e-6d5c-5a53-9d0c-0f3a5f0e7f10")


class ShopAccount(StrEnum):
    """The shop's own accounts; each has the sum of its transfers as its balance, stored nowhere."""

    SALES = "sales"
    CARD_CLEARING = "card_clearing"
    ADJUSTMENTS = "adjustments"

    @cache
    def account_id(self, currency: Currency) -> UUID:
        """Return the account's id in a currency: the same in every shop, so nobody looks it up."""
        return uuid5(_SHOP_ACCOUNT_NAMESPACE, f"{self.value}:{currency}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's money in one currency; the balance never goes below the limit."""

    id: UUID
    user_id: UUID
    balance: Money
    minimum_balance: Money
    created_at: datetime

    def withdraw(self, amount: Money) -> "Account":
        """Return the account with that much less; raise `InsufficientFunds` below the limit."""
        amount.require_positive()
        balance = self.balance - amount
        if balance < self.minimum_balance:
            raise InsufficientFunds(balance=self.balance, required=amount)
        return replace(self, balance=balance)

    def deposit(self, amount: Money) -> "Account":
        """Return the account with that much more; raise `BalanceTooLarge` past the limit."""
        amount.require_positive()
        amount.require_currency(self.balance.currency)
        if self.balance.amount + amount.amount > MAX_AMOUNT:
            raise BalanceTooLarge
        return replace(self, balance=self.balance + amount)


class TransferKind(StrEnum):
    """Why money moved."""

    WELCOME = "welcome"
    CREDIT = "credit"
    DEPOSIT = "deposit"
    TRANSFER = "transfer"
    CHARGE = "charge"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One movement of money: a positive amount taken from one account and given to another."""

    id: UUID
    kind: TransferKind
    debit_account_id: UUID
    credit_account_id: UUID
    amount: Money
    order_id: UUID | None
    note: str
    created_at: datetime

    def __post_init__(self) -> None:
        self.amount.require_positive()
        if self.debit_account_id == self.credit_account_id:
            raise InvalidValue(field="to", rule="money moves between two different accounts")


def welcome_transfer(account: Account, *, id: UUID) -> Transfer:  # noqa: A002  The field's own name.
    """Return the transfer that accounts for the balance with which an account begins."""
    return Transfer(
        id=id,
        kind=TransferKind.WELCOME,
        debit_account_id=ShopAccount.ADJUSTMENTS.account_id(account.balance.currency),
        credit_account_id=account.id,
        amount=account.balance,
        order_id=None,
        note="Welcome",
        created_at=account.created_at,
    )


@dataclass(kw_only=True, unsafe_hash=True)
class InsufficientFunds(Conflict):
    """The account holds less than the amount asked of it."""

    balance: Money
    required: Money

    code = "insufficient-funds"
    message = "The account holds {balance}; {required} is needed."


class BalanceTooLarge(Conflict):
    """The account would hold more than can be counted exactly."""

    code = "balance-too-large"
    message = f"A balance is at most {MAX_AMOUNT} minor units."


@dataclass(kw_only=True, unsafe_hash=True)
class RecipientNotFound(NotFound):
    """Nobody with this e-mail address can receive money."""

    email: str

    code = "recipient-not-found"
    message = "There is no recipient {email}."


class AccountNotFound(NotFound):
    """No such account."""

    code = "account-not-found"
    message = "There is no such account."
