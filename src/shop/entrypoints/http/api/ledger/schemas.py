"""Schemas of accounts, transfers, deposits and credits."""

from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.ports.paging import Page, TimeCursor
from shop.application.ports.repositories.accounts import AccountEntry
from shop.domain.account import (
    MAX_NOTE_CHARACTERS,
    Account,
    ShopAccount,
    Transfer,
    TransferKind,
)
from shop.domain.deposit import Deposit
from shop.domain.payment import PaymentStatus
from shop.entrypoints.http.payment_action import RequiredAction
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    NEW_TEXT,
    CardToken,
    ClientSecret,
    Email,
    MoneyInput,
    MoneyResponse,
    NextCursor,
    PaymentAction,
    RequestBody,
    ResponseBody,
    Simulated,
    Time,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN


class NewTransfer(RequestBody):
    """A transfer to another customer."""

    to: Annotated[Email, Field(examples=["grace@example.com"])]
    amount: MoneyInput
    note: Annotated[
        str,
        Field(
            max_length=MAX_NOTE_CHARACTERS, pattern=SINGLE_LINE_PATTERN, examples=["For the tea"]
        ),
        NEW_TEXT,
    ] = ""


class NewCredit(RequestBody):
    """A credit that the shop grants to a customer, with its reason."""

    amount: MoneyInput
    reason: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_NOTE_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["A cup arrived broken"],
        ),
        NEW_TEXT,
    ]


class Card(RequestBody):
    """A card, represented by the token that the gateway's form returns."""

    token: CardToken


class NewDeposit(RequestBody):
    """A deposit into the account from a card."""

    amount: MoneyInput
    card: Card


class DepositResponse(ResponseBody):
    """A deposit from a card: in the account once authorised, taken once captured."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a15-9c0d-3a4b5c6d7e8f"])]
    status: Annotated[PaymentStatus, Field(examples=["authorised"])]
    amount: MoneyResponse
    created_at: Time
    client_secret: ClientSecret = None
    action: PaymentAction = None
    simulated: Simulated = None

    @classmethod
    def of(
        cls, deposit: Deposit, *, simulated: bool | None, action: RequiredAction | None = None
    ) -> Self:
        """Render a deposit, with the step that the customer must complete, if any."""
        return cls(
            id=deposit.id,
            status=deposit.status,
            amount=MoneyResponse.of(deposit.amount),
            created_at=deposit.created_at,
            client_secret=None if action is None else action.client_secret,
            action=None if action is None else action.response,
            simulated=simulated,
        )


class DepositList(ResponseBody):
    """A page of my deposits, newest first."""

    items: list[DepositResponse]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[Deposit, TimeCursor], *, simulated: bool | None) -> Self:
        """Render a page of deposits."""
        return cls(
            items=[DepositResponse.of(each, simulated=simulated) for each in page.items],
            next=encode_time_cursor(page.next),
        )


def status_code_for_deposit(deposit: Deposit) -> int:
    """Return the HTTP status for a deposit: 202 while it is pending, else 201."""
    is_pending = deposit.status is PaymentStatus.PENDING
    return (HTTPStatus.ACCEPTED if is_pending else HTTPStatus.CREATED).value


class AccountResponse(ResponseBody):
    """A customer's account."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a11-8c1d-4a5b6c7d8e9f"])]
    balance: MoneyResponse
    created_at: Time

    @classmethod
    def of(cls, account: Account) -> Self:
        """Render an account."""
        return cls(
            id=account.id,
            balance=MoneyResponse.of(account.balance),
            created_at=account.created_at,
        )


class TransferResponse(ResponseBody):
    """A transfer of money, from the view of one of its two accounts."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a12-8b0c-394a5b6c7d8e"])]
    kind: Annotated[TransferKind, Field(examples=["transfer"])]
    amount: Annotated[MoneyResponse, Field(description="Negative if money left the account.")]
    counterparty: Annotated[
        str,
        Field(
            examples=["grace@example.com"],
            description="The other customer's e-mail address, or the name of a shop account.",
        ),
    ]
    reference: Annotated[
        str | None,
        Field(examples=["For the tea"], description="The order's id, or the note, if any."),
    ]
    created_at: Time

    @classmethod
    def for_sender(cls, transfer: Transfer, *, recipient: str) -> Self:
        """Render a transfer for its sender."""
        return cls._for_account(
            transfer, amount=MoneyResponse.of(-transfer.amount), counterparty=recipient
        )

    @classmethod
    def for_recipient(cls, transfer: Transfer) -> Self:
        """Render a credit for its recipient."""
        amount = MoneyResponse.of(transfer.amount)
        return cls._for_account(transfer, amount=amount, counterparty=ShopAccount.ADJUSTMENTS.value)

    @classmethod
    def of(cls, entry: AccountEntry, account: Account) -> Self:
        """Render a line of an account's statement."""
        transfer = entry.transfer
        is_outgoing = transfer.debit_account_id == account.id
        amount = MoneyResponse.of(-transfer.amount if is_outgoing else transfer.amount)
        return cls._for_account(transfer, amount=amount, counterparty=entry.counterparty)

    @classmethod
    def _for_account(cls, transfer: Transfer, *, amount: MoneyResponse, counterparty: str) -> Self:
        return cls(
            id=transfer.id,
            kind=transfer.kind,
            amount=amount,
            counterparty=counterparty,
            reference=str(transfer.order_id) if transfer.order_id else (transfer.note or None),
            created_at=transfer.created_at,
        )


class TransferList(ResponseBody):
    """A page of an account's transfers, newest first."""

    items: list[TransferResponse]
    next: NextCursor

    @classmethod
    def of(cls, account: Account, page: Page[AccountEntry, TimeCursor]) -> Self:
        """Render a page of transfers."""
        return cls(
            items=[TransferResponse.of(entry, account) for entry in page.items],
            next=encode_time_cursor(page.next),
        )
