"""Routes of accounts, transfers, deposits and credits."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from shop.application.ledger.deposits import MakeDeposit
from shop.application.ledger.transfer_batch import GrantCredit, MakeTransfer
from shop.domain.account import (
    AccountNotFound,
    BalanceTooLarge,
    InsufficientFunds,
    RecipientNotFound,
)
from shop.domain.deposit import DepositNotFound
from shop.domain.payment import CardDeclined, PaymentExpired
from shop.domain.rate_limit import TooManyRequests
from shop.domain.user import Forbidden
from shop.entrypoints.http.api.ledger.schemas import (
    AccountResponse,
    DepositList,
    DepositResponse,
    NewCredit,
    NewDeposit,
    NewTransfer,
    TransferList,
    TransferResponse,
    status_code_for_deposit,
)
from shop.entrypoints.http.api.pagination import TimeCursorQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AccountServiceDependency,
    AdminUser,
    DepositServiceDependency,
    Idempotent,
    SignedInUser,
    TransferQueueDependency,
    TransferServiceDependency,
)
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    SIGNED_IN_ERRORS,
    error_responses,
    idempotency_key_header,
    pending,
)
from shop.entrypoints.http.payment_action import RequiredAction, pending_headers

router = api_router("money", prefix="/api/v1")

DepositId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a15-9c0d-3a4b5c6d7e8f"])]
AccountId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a11-8c1d-4a5b6c7d8e9f"])]


@router.get("/account", responses=error_responses(*SIGNED_IN_ERRORS))
async def show_account(
    principal: SignedInUser, accounts: AccountServiceDependency
) -> AccountResponse:
    """Return my account."""
    return AccountResponse.of(await accounts.show(principal.user))


@router.get("/account/transfers", responses=error_responses(*SIGNED_IN_ERRORS))
async def list_transfers(
    principal: SignedInUser,
    query: Annotated[TimeCursorQuery, Query()],
    accounts: AccountServiceDependency,
) -> TransferList:
    """List the transfers of my account, newest first."""
    account, page = await accounts.statement(principal.user, query.to_page_request())
    return TransferList.of(account, page)


@router.post(
    "/transfers",
    status_code=201,
    responses=error_responses(
        *SIGNED_IN_ERRORS,
        *IDEMPOTENCY_ERRORS,
        Forbidden,
        RecipientNotFound,
        InsufficientFunds,
        BalanceTooLarge,
        TooManyRequests,
    ),
    openapi_extra=idempotency_key_header("5b8e2c1d-93f4-4c07-b6a1-2d4e8f7a9c30"),
)
async def make_transfer(
    body: NewTransfer,
    principal: SignedInUser,
    keyed_request: Idempotent,
    transfers: TransferQueueDependency,
) -> TransferResponse:
    """Transfer money to another customer, exactly once per key."""
    command = MakeTransfer(
        session=principal.token,
        key=keyed_request.key,
        to=body.to,
        amount=body.amount.to_money(),
        note=body.note,
    )
    transfer = keyed_request.response_context.unwrap(await transfers.submit(command))
    return TransferResponse.for_sender(transfer, recipient=body.to)


@router.post(
    "/deposits",
    status_code=201,
    responses=pending(DepositResponse)
    | error_responses(
        *SIGNED_IN_ERRORS,
        *IDEMPOTENCY_ERRORS,
        Forbidden,
        BalanceTooLarge,
        CardDeclined,
        PaymentExpired,
        TooManyRequests,
    ),
    openapi_extra=idempotency_key_header("8e2f6b70-3d1a-4c95-a7e4-6b0c9d1f2e83"),
)
async def make_deposit(
    body: NewDeposit,
    principal: SignedInUser,
    keyed_request: Idempotent,
    deposits: DepositServiceDependency,
    request: Request,
    response: Response,
) -> DepositResponse:
    """Deposit money into my account by card, exactly once per key.

    While the card payment has no outcome, the deposit is `pending` and the status is 202. Send the
    request again with the same key, or read the deposit, to learn the outcome.
    """
    command = MakeDeposit(
        session=principal.token,
        key=keyed_request.key,
        amount=body.amount.to_money(),
        card=body.card.token,
    )
    result = await deposits.make(command)
    deposit = keyed_request.response_context.unwrap(result)
    response.status_code = status_code_for_deposit(deposit)
    if response.status_code == HTTPStatus.ACCEPTED:
        response.headers.update(pending_headers(f"{router.prefix}/deposits/{deposit.id}"))
    return DepositResponse.of(
        deposit,
        simulated=principal.response_context.payments_are_simulated,
        action=RequiredAction.of(result.action, request),
    )


@router.get("/deposits", responses=error_responses(*SIGNED_IN_ERRORS))
async def list_deposits(
    principal: SignedInUser,
    query: Annotated[TimeCursorQuery, Query()],
    deposits: DepositServiceDependency,
) -> DepositList:
    """List my deposits, newest first."""
    page = await deposits.search(principal.user, query.to_page_request())
    return DepositList.of(page, simulated=principal.response_context.payments_are_simulated)


@router.get("/deposits/{deposit_id}", responses=error_responses(*SIGNED_IN_ERRORS, DepositNotFound))
async def show_deposit(
    deposit_id: DepositId, principal: SignedInUser, deposits: DepositServiceDependency
) -> DepositResponse:
    """Return one of my deposits."""
    return DepositResponse.of(
        await deposits.show(principal.user, deposit_id),
        simulated=principal.response_context.payments_are_simulated,
    )


@router.post(
    "/accounts/{account_id}/credits",
    status_code=201,
    responses=error_responses(*ADMIN_ERRORS, *IDEMPOTENCY_ERRORS, AccountNotFound, BalanceTooLarge),
    openapi_extra=idempotency_key_header("c47d1a6e-08b2-4e5f-9d3c-7a1f6b2e8d54"),
)
async def grant_credit(
    account_id: AccountId,
    body: NewCredit,
    principal: AdminUser,
    keyed_request: Idempotent,
    transfers: TransferServiceDependency,
) -> TransferResponse:
    """Grant credit to a customer's account, exactly once per key (admin)."""
    command = GrantCredit(
        session=principal.token,
        key=keyed_request.key,
        account_id=account_id,
        amount=body.amount.to_money(),
        reason=body.reason,
    )
    transfer = keyed_request.response_context.unwrap(await transfers.grant_credit(command))
    return TransferResponse.for_recipient(transfer)
