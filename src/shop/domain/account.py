"""Store-credit accounts and the double-entry transfers between them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from uuid import UUID, uuid5

from shop.domain.shared.errors import Conflict, InvalidValue, NotFound
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money
from shop.domain.shared.value import value

MAX_NOTE_CHARACTERS = 200

_SHOP_ACCOUNT_NAMESPACE = UUID("6f1c1f0e-6d5c-5a53-9d0c-0f3a5f0e7f10")


class ShopAccount(StrEnum):
    """The shop's own accounts, whose balances are never stored (decision 7)."""

    SALES = "sales"  # Revenue from orders.
    CARD_CLEARING = "card_clearing"  # Money from and to cards, through the gateway.
    ADJUSTMENTS = "adjustments"  # Welcome credit, and credits by an admin.

    @cache
    def account_id(self, currency: Currency) -> UUID:
        """Compute the account's id in a currency; it is the same in every shop."""
        return uuid5(_SHOP_ACCOUNT_NAMESPACE, f"{self.value}:{currency}")


@value
class Account:
    """A customer's store credit in one currency, never below `minimum_balance`."""

    id: UUID
    user_id: UUID
    balance: Money
    minimum_balance: Money
    created_at: datetime

    def withdraw(self, amount: Money) -> "Account":
        """Subtract an amount; raise `InsufficientFunds` below the minimum balance."""
        self.require_funds(amount)
        return replace(self, balance=self.balance - amount)

    def require_funds(self, amount: Money) -> None:
        """Raise `InsufficientFunds` if a withdrawal would leave less than the minimum."""
        amount.require_positive()
        amount.require_currency(self.balance.currency)
        if self.balance.amount - amount.amount < self.minimum_balance.amount:
            raise InsufficientFunds(balance=self.balance, required=amount)

    def deposit(self, amount: Money) -> "Account":
        """Add an amount; raise `BalanceTooLarge` above the largest amount."""
        amount.require_positive()
        amount.require_currency(self.balance.currency)
        if self.balance.amount + amount.amount > MAX_AMOUNT:
            raise BalanceTooLarge
        return replace(self, balance=self.balance + amount)


class TransferKind(StrEnum):
    """Why money moved."""

    WELCOME = "welcome"  # The opening balance of a new account.
    CREDIT = "credit"  # A gift or correction by an admin.
    DEPOSIT = "deposit"  # Money paid in by card.
    TRANSFER = "transfer"  # From one customer to another.
    CHARGE = "charge"  # The payment of an order.
    REFUND = "refund"  # Money of an order, paid back.


@value
class Transfer:
    """A positive amount that moves from the debit to the credit account."""

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
            raise InvalidValue(field="to", rule="must be a different account")


def welcome_transfer(account: Account, *, id: UUID) -> Transfer:  # noqa: A002  The field's own name.
    """Create the transfer that records an account's opening balance."""
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
    """The balance is too low for the amount."""

    balance: Money
    required: Money

    code = "insufficient-funds"
    message = "The account holds {balance}; {required} is needed."


class BalanceTooLarge(Conflict):
    """The balance would exceed the largest exact amount."""

    code = "balance-too-large"
    message = f"The balance would exceed the maximum of {MAX_AMOUNT} minor units."


@dataclass(kw_only=True, unsafe_hash=True)
class RecipientNotFound(NotFound):
    """No customer with this e-mail address can receive money."""

    email: str

    code = "recipient-not-found"
    message = "There is no recipient {email}."


class AccountNotFound(NotFound):
    """No such account."""

    code = "account-not-found"
    message = "There is no such account."
