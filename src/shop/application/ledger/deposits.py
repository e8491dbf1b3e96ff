"""Deposits: customers pay money into their accounts by card.

A deposit is created in one unit of work, authorised outside of any, and completed in another. The
first transaction that locks the pending deposit decides it.
"""

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from functools import partial
from uuid import UUID

from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import ResolvedSessions, SessionAuthenticator
from shop.application.jobs.retry_policy import RetryLater
from shop.application.jobs.runner import complete_job
from shop.application.notifications.events import Notifications
from shop.application.payments.card_attempts import CardAttempts
from shop.application.payments.card_payments import CardPayment, CardPayments, PaymentOutcome
from shop.application.payments.payment_policy import (
    PaymentPolicy,
    TimedOut,
    retry_at_the_latest,
)
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.payment_gateway import ActionRequired, Approved, Declined
from shop.application.ports.repositories.idempotency_keys import (
    Rejected,
    StoredOutcome,
    Succeeded,
)
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner, after_commit
from shop.domain.account import Account, BalanceTooLarge, ShopAccount, Transfer, TransferKind
from shop.domain.deposit import Deposit, DepositNotFound
from shop.domain.payment import NEVER_CHARGED, CardDeclined, PaymentExpired, PaymentStatus
from shop.domain.shared.errors import ShopError
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Money
from shop.domain.shared.value import value
from shop.domain.user import User


@value
class MakeDeposit:
    """Charge a card and credit the account; `card` is the card's token."""

    session: SessionToken | None
    key: str
    amount: Money
    card: str = field(repr=False)


class DepositService:
    """Creates, completes, captures and shows deposits."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        card_payments: CardPayments,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
        policy: PaymentPolicy,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._card_payments = card_payments
        self._clock = clock
        self._ids = ids
        self._notifications = notifications
        self._policy = policy

    async def make(self, command: MakeDeposit) -> CommandResult[Deposit]:
        """Make a deposit; it stays pending while the outcome is unknown.

        If the customer has to authenticate, the result has the action. The same command
        under the same key continues the same payment. Errors: `NotSignedIn`, `SessionExpired`,
        `InvalidValue`, `BalanceTooLarge`, `TooManyRequests`, `CardDeclined`, `PaymentExpired`,
        `IdempotencyKeyReused`, `RequestInProgress`.
        """
        result = await self._create_or_replay(command)
        deposit = result.value
        if isinstance(deposit, ShopError) or deposit.status is not PaymentStatus.PENDING:
            return result
        with after_commit():
            return await self._pay(command, result, deposit)

    async def show(self, user: User, deposit_id: UUID) -> Deposit:
        """Return the user's deposit; raise `DepositNotFound` for any other."""
        found = await self._transactions.read(lambda uow: uow.deposits.get_many([deposit_id]))
        deposit = found.get(deposit_id)
        if deposit is None or deposit.user_id != user.id:
            raise DepositNotFound
        return deposit

    async def search(self, user: User, page: PageRequest[TimeCursor]) -> Page[Deposit, TimeCursor]:
        """Return a page of the user's deposits, newest first."""
        return await self._transactions.read(lambda uow: uow.deposits.of_user(user.id, page))

    async def resolve(self, job: Job) -> None:
        """Resolve or expire a pending deposit; raise `RetryLater` if it has no outcome."""
        authorisation = await self._card_payments.look_up(job.id.subject_id)
        deposit = await self._get(job.id.subject_id)
        if deposit.status is not PaymentStatus.PENDING:
            await self._transactions.write(partial(complete_job, job), retryable=True)
            return
        payment_outcome = await self._card_payments.resolve(
            CardPayment.for_deposit(deposit), authorisation
        )
        if payment_outcome is None:
            not_after = retry_at_the_latest(authorisation, deposit.expires_at, self._clock.now())
            raise RetryLater(not_after=not_after)
        await self.complete(deposit.id, payment_outcome)

    async def capture(self, job: Job) -> None:
        """Capture the payment; raise `GatewayOutcomeUnknown` or `GatewayRejected`."""
        deposit = await self._get(job.id.subject_id)
        if deposit.status is PaymentStatus.AUTHORISED:
            await self._card_payments.capture(
                deposit.id, deposit.gateway_payment_id, deposit.amount
            )
        await self._transactions.write(partial(self._record_capture, job.id), retryable=True)

    async def _pay(
        self, command: MakeDeposit, result: CommandResult[Deposit], deposit: Deposit
    ) -> CommandResult[Deposit]:
        authorisation = await self._card_payments.authorise(CardPayment.for_deposit(deposit))
        if isinstance(authorisation, ActionRequired):
            return replace(result, action=authorisation)
        if authorisation is None:
            return result
        await self.complete(deposit.id, authorisation)
        # Another request or job may have decided the deposit: the key has the outcome.
        decided_result = await self._create_or_replay(command)
        return replace(decided_result, replayed=False)

    async def _create_or_replay(self, command: MakeDeposit) -> CommandResult[Deposit]:
        return await self._transactions.write(partial(self._create, command), retryable=True)

    async def _create(self, command: MakeDeposit, uow: UnitOfWork) -> CommandResult[Deposit]:
        resolved_sessions = await self._authenticator.resolve(uow, [command.session])
        request = self._build_request(resolved_sessions, command)
        batch = await IdempotentBatch.claim(uow, [request], at=self._clock.now())
        accounts = await uow.accounts.lock_for_users([request.key.user_id], self._policy.currency)
        card_attempts = await CardAttempts.load(
            uow, [request.key.user_id], self._policy.limits, now=self._clock.now()
        )
        (result,) = await batch.execute(
            partial(self._create_deposit, uow, accounts[request.key.user_id], card_attempts),
            partial(_load_as_first_returned, uow),
            find_pending=uow.deposits.with_keys,
            is_pending=_is_pending,
        )
        return result

    def _build_request(
        self, resolved_sessions: ResolvedSessions, command: MakeDeposit
    ) -> IdempotentRequest[MakeDeposit]:
        current_session = resolved_sessions.require_customer(command.session)
        command.amount.require_currency(self._policy.currency)
        command.amount.require_positive()
        return IdempotentRequest(
            key=IdempotencyKey(user_id=current_session.signed_in_user.id, value=command.key),
            fingerprint=fingerprint("deposit", amount=command.amount, card=command.card),
            command=command,
        )

    def _create_deposit(
        self,
        uow: UnitOfWork,
        account: Account,
        card_attempts: CardAttempts,
        request: IdempotentRequest[MakeDeposit],
    ) -> Deposit:
        # Not before: under a key of an earlier time, with other limits and tokens, there can be an
        # outcome, which a repeated request must get.
        self._policy.limits.require_deposit(request.command.amount)
        self._card_payments.require_token(request.command.card)
        amount, now = request.command.amount, self._clock.now()
        card_attempts.require_deposit(account.user_id)
        # Only to reject a balance that would be too large; the card is charged first.
        account.deposit(amount)
        deposit = Deposit(
            id=self._ids.new(),
            account_id=account.id,
            idempotency_key=request.key,
            amount=amount,
            status=PaymentStatus.PENDING,
            token=request.command.card,
            gateway_payment_id=None,
            expires_at=self._policy.expires_at(now),
            created_at=now,
        )
        uow.deposits.add(deposit)
        uow.jobs.add(
            Job.new(
                JobKind.RESOLVE_DEPOSIT, deposit.id, at=now, due_at=self._policy.resolve_at(now)
            )
        )
        return deposit

    async def complete(self, deposit_id: UUID, payment_outcome: PaymentOutcome) -> None:
        """Complete a deposit if it is still pending; reverse an approval that is too late."""
        await self._transactions.write(
            partial(self._complete, deposit_id, payment_outcome), retryable=True
        )

    async def _complete(
        self, deposit_id: UUID, payment_outcome: PaymentOutcome, uow: UnitOfWork
    ) -> None:
        # The account never changes, so it can be read first to lock in the common order.
        unlocked_deposit = (await uow.deposits.get_many([deposit_id]))[deposit_id]
        accounts = await uow.accounts.lock([unlocked_deposit.account_id])
        deposit = (await uow.deposits.lock([deposit_id]))[deposit_id]
        now = self._clock.now()
        if deposit.status is not PaymentStatus.PENDING:
            if isinstance(payment_outcome, Approved) and deposit.status in NEVER_CHARGED:
                uow.jobs.add(Job.new(JobKind.REVERSE_PAYMENT, deposit.id, at=now, due_at=now))
            await uow.commit()
            return
        uow.jobs.remove(JobId(kind=JobKind.RESOLVE_DEPOSIT, subject_id=deposit.id))
        match payment_outcome:
            case Approved(payment_id=gateway_payment_id):
                try:
                    account = accounts[deposit.account_id].deposit(deposit.amount)
                except BalanceTooLarge as error:
                    self._expire(uow, deposit, error)
                else:
                    self._credit(uow, deposit.with_gateway_payment_id(gateway_payment_id), account)
            case Declined(reason=reason):
                uow.deposits.save(deposit.transition_to(PaymentStatus.DECLINED))
                self._complete_key(uow, deposit, Rejected(error=CardDeclined(reason=reason)))
            case TimedOut():
                self._expire(uow, deposit, PaymentExpired())
        await uow.commit()

    def _credit(self, uow: UnitOfWork, deposit: Deposit, account: Account) -> None:
        now = self._clock.now()
        transfer = Transfer(
            id=deposit.id,
            kind=TransferKind.DEPOSIT,
            debit_account_id=ShopAccount.CARD_CLEARING.account_id(deposit.amount.currency),
            credit_account_id=account.id,
            amount=deposit.amount,
            order_id=None,
            note="",
            created_at=now,
        )
        uow.accounts.save(account)
        uow.transfers.add(transfer)
        self._notifications.account_credited(uow, transfer)
        uow.deposits.save(deposit.transition_to(PaymentStatus.AUTHORISED))
        uow.jobs.add(Job.new(JobKind.CAPTURE_DEPOSIT, deposit.id, at=now, due_at=now))
        self._complete_key(uow, deposit, Succeeded(reference=deposit.id))

    def _expire(self, uow: UnitOfWork, deposit: Deposit, error: ShopError) -> None:
        now = self._clock.now()
        uow.deposits.save(deposit.transition_to(PaymentStatus.VOIDED))
        uow.jobs.add(Job.new(JobKind.REVERSE_PAYMENT, deposit.id, at=now, due_at=now))
        self._complete_key(uow, deposit, Rejected(error=error))

    def _complete_key(
        self, uow: UnitOfWork, deposit: Deposit, stored_outcome: StoredOutcome
    ) -> None:
        uow.idempotency_keys.complete_pending(deposit.idempotency_key, stored_outcome)

    async def _record_capture(self, job_id: JobId, uow: UnitOfWork) -> None:
        deposit = (await uow.deposits.lock([job_id.subject_id]))[job_id.subject_id]
        if deposit.status is PaymentStatus.AUTHORISED:
            uow.deposits.save(deposit.transition_to(PaymentStatus.CAPTURED))
        uow.jobs.remove(job_id)
        await uow.commit()

    async def _get(self, deposit_id: UUID) -> Deposit:
        found = await self._transactions.read(lambda uow: uow.deposits.get_many([deposit_id]))
        return found[deposit_id]


async def _load_as_first_returned(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, Deposit]:
    """Load deposits as they were first returned; pending ones as they are now."""
    deposits = await uow.deposits.get_many(ids)
    return {
        each.id: each if _is_pending(each) else each.as_credited() for each in deposits.values()
    }


def _is_pending(deposit: Deposit) -> bool:
    return deposit.status is PaymentStatus.PENDING
