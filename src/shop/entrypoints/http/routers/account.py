"""Accounts, and the money that moves between them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shop.application.deposits import MakeDeposit
from shop.application.transfers import GiveCredit, MakeTransfer
from shop.domain.account import (
    AccountNotFound,
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
)
from shop.domain.deposit import DepositNotFound
from shop.domain.payment import CardDeclined, PaymentExpired
from shop.entrypoints.http.dependencies import (
    Admin,
    SignedIn,
    TheAccounts,
    TheDeposits,
    TheTransfers,
    ToMakeTransfers,
    UnderKey,
)
from shop.entrypoints.http.openapi import (
    TO_ADMINS,
    TO_SIGNED_IN,
    UNDER_KEY,
    pending,
    refuses,
    takes_key,
)
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.accounts import (
    AccountAnswer,
    DepositAnswer,
    NewCredit,
    NewDeposit,
    NewTransfer,
    TransferAnswer,
    TransferList,
    deposited_status,
)
from shop.entrypoints.http.schemas.pages import MomentPage

router = topic("money", prefix="/api/v1")

DepositId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a15-9c0d-3a4b5c6d7e8f"])]
AccountId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a11-8c1d-4a5b6c7d8e9f"])]


@router.get("/account", responses=refuses(*TO_SIGNED_IN))
async def show_account(visitor: SignedIn, accounts: TheAccounts) -> AccountAnswer:
    """Return my account."""
    return AccountAnswer.of(await accounts.show(visitor.user))


@router.get("/account/transfers", responses=refuses(*TO_SIGNED_IN))
async def list_transfers(
    visitor: SignedIn, query: Annotated[MomentPage, Query()], accounts: TheAccounts
) -> TransferList:
    """List what went in and out of my account, the newest first."""
    account, entries = await accounts.entries(visitor.user, query.page())
    return TransferList.of(account, entries)


@router.post(
    "/transfers",
    status_code=201,
    responses=refuses(
        *TO_SIGNED_IN, *UNDER_KEY, RecipientNotFound, InsufficientFunds, BalanceTooLarge
    ),
    openapi_extra=takes_key("5b8e2c1d-93f4-4c07-b6a1-2d4e8f7a9c30"),
)
async def make_transfer(
    body: NewTransfer,
    visitor: SignedIn,
    submission: UnderKey,
    transfers: ToMakeTransfers,
) -> TransferAnswer:
    """Pass money to another customer, once under the key."""
    command = MakeTransfer(
        session=visitor.token,
        key=submission.key,
        to=body.to,
        amount=body.amount.to_money(),
        note=body.note,
    )
    transfer = submission.exchange.unwrap(await transfers.send(command))
    return TransferAnswer.sent(transfer, to=body.to)


@router.post(
    "/deposits",
    status_code=201,
    responses=pending(DepositAnswer)
    | refuses(*TO_SIGNED_IN, *UNDER_KEY, BalanceTooLarge, CardDeclined, PaymentExpired),
    openapi_extra=takes_key("8e2f6b70-3d1a-4c95-a7e4-6b0c9d1f2e83"),
)
async def make_deposit(
    body: NewDeposit,
    visitor: SignedIn,
    submission: UnderKey,
    deposits: TheDeposits,
    response: Response,
) -> DepositAnswer:
    """Put money into my account by card, once under the key.

    While the card's answer is not known, the deposit is pending, and the answer 202: the same
    request under the same key asks again, and the deposit itself tells how it ended.
    """
    command = MakeDeposit(
        session=visitor.token,
        key=submission.key,
        amount=body.amount.to_money(),
        card=body.card.token,
    )
    reply = await deposits.make(command)
    deposit = submission.exchange.unwrap(reply)
    response.status_code = deposited_status(deposit)
    return DepositAnswer.of(deposit, reply.client_secret)


@router.get("/deposits/{deposit_id}", responses=refuses(*TO_SIGNED_IN, DepositNotFound))
async def show_deposit(
    deposit_id: DepositId, visitor: SignedIn, deposits: TheDeposits
) -> DepositAnswer:
    """Return a deposit of mine."""
    return DepositAnswer.of(await deposits.show(visitor.user, deposit_id))


@router.post(
    "/accounts/{account_id}/credits",
    status_code=201,
    responses=refuses(*TO_ADMINS, *UNDER_KEY, AccountNotFound, BalanceTooLarge),
    openapi_extra=takes_key("c47d1a6e-08b2-4e5f-9d3c-7a1f6b2e8d54"),
)
async def give_credit(
    account_id: AccountId,
    body: NewCredit,
    visitor: Admin,
    submission: UnderKey,
    transfers: TheTransfers,
) -> TransferAnswer:
    """Put money of the shop into a customer's account, once under the key (admin)."""
    command = GiveCredit(
        session=visitor.token,
        key=submission.key,
        account_id=account_id,
        amount=body.amount.to_money(),
        reason=body.reason,
    )
    transfer = submission.exchange.unwrap(await transfers.give_credit(command))
    return TransferAnswer.credited(transfer)
