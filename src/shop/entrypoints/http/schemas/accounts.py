"""Accounts and transfers."""

from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.ports.accounts import Entry
from shop.application.ports.paging import Listing, Moment
from shop.domain.account import (
    MAX_NOTE_CHARACTERS,
    Account,
    ShopAccount,
    Transfer,
    TransferKind,
)
from shop.domain.deposit import Deposit
from shop.domain.payment import PaymentStatus
from shop.entrypoints.http.cursors import moment_cursor
from shop.entrypoints.http.schemas.base import (
    LINE_PATTERN,
    Amount,
    Answer,
    Body,
    CardToken,
    ClientSecret,
    Email,
    MoneyAnswer,
    Next,
    Time,
)


class NewTransfer(Body):
    """Money for another customer."""

    to: Annotated[Email, Field(examples=["grace@example.com"])]
    amount: Amount
    note: Annotated[
        str, Field(max_length=MAX_NOTE_CHARACTERS, pattern=LINE_PATTERN, examples=["For the tea"])
    ] = ""


class NewCredit(Body):
    """Money of the shop for a customer, and why."""

    amount: Amount
    reason: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NOTE_CHARACTERS,
            pattern=LINE_PATTERN,
            examples=["A cup arrived broken"],
        ),
    ]


class Card(Body):
    """A card: the token stands for it, and comes from the gateway's own form."""

    token: CardToken


class NewDeposit(Body):
    """Money for the account, from a card."""

    amount: Amount
    card: Card


class DepositAnswer(Answer):
    """Money from a card: in the account once it is authorised, and the shop's once captured."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a15-9c0d-3a4b5c6d7e8f"])]
    status: Annotated[PaymentStatus, Field(examples=["authorised"])]
    amount: MoneyAnswer
    created_at: Time
    client_secret: ClientSecret = None

    @classmethod
    def of(cls, deposit: Deposit, client_secret: str | None = None) -> Self:
        """Render a deposit, with the secret for the step that its card asks for."""
        return cls(
            id=deposit.id,
            status=deposit.status,
            amount=MoneyAnswer.of(deposit.amount),
            created_at=deposit.created_at,
            client_secret=client_secret,
        )


def deposited_status(deposit: Deposit) -> int:
    """Return the status of an answer to who has made a deposit."""
    is_pending = deposit.status is PaymentStatus.PENDING
    return (HTTPStatus.ACCEPTED if is_pending else HTTPStatus.CREATED).value


class AccountAnswer(Answer):
    """A customer's account."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a11-8c1d-4a5b6c7d8e9f"])]
    balance: MoneyAnswer
    created_at: Time

    @classmethod
    def of(cls, account: Account) -> Self:
        """Render an account."""
        return cls(
            id=account.id,
            balance=MoneyAnswer.of(account.balance),
            created_at=account.created_at,
        )


class TransferAnswer(Answer):
    """A movement of money, as one of its two accounts sees it."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a12-8b0c-394a5b6c7d8e"])]
    kind: Annotated[TransferKind, Field(examples=["transfer"])]
    amount: Annotated[MoneyAnswer, Field(description="Negative where money left the account.")]
    counterparty: Annotated[
        str,
        Field(
            examples=["grace@example.com"],
            description="The other customer's e-mail address, or the name of a shop's account.",
        ),
    ]
    reference: Annotated[
        str | None,
        Field(examples=["For the tea"], description="The order's id, or the note, if any."),
    ]
    created_at: Time

    @classmethod
    def sent(cls, transfer: Transfer, *, to: str) -> Self:
        """Render a transfer as its sender sees it."""
        return cls._seen(transfer, amount=MoneyAnswer.of(-transfer.amount), counterparty=to)

    @classmethod
    def credited(cls, transfer: Transfer) -> Self:
        """Render a credit as its receiver sees it."""
        amount = MoneyAnswer.of(transfer.amount)
        return cls._seen(transfer, amount=amount, counterparty=ShopAccount.ADJUSTMENTS.value)

    @classmethod
    def of(cls, entry: Entry, account: Account) -> Self:
        """Render a transfer as an account sees it."""
        transfer = entry.transfer
        leaves = transfer.debit_account_id == account.id
        amount = MoneyAnswer.of(-transfer.amount if leaves else transfer.amount)
        return cls._seen(transfer, amount=amount, counterparty=entry.counterparty)

    @classmethod
    def _seen(cls, transfer: Transfer, *, amount: MoneyAnswer, counterparty: str) -> Self:
        return cls(
            id=transfer.id,
            kind=transfer.kind,
            amount=amount,
            counterparty=counterparty,
            reference=str(transfer.order_id) if transfer.order_id else (transfer.note or None),
            created_at=transfer.created_at,
        )


class TransferList(Answer):
    """A page of an account's transfers, the newest first."""

    items: list[TransferAnswer]
    next: Next

    @classmethod
    def of(cls, account: Account, entries: Listing[Entry, Moment]) -> Self:
        """Render a page of transfers."""
        return cls(
            items=[TransferAnswer.of(entry, account) for entry in entries.items],
            next=moment_cursor(entries.next),
        )
