"""Transfers money between customers, and grants credit."""

from collections.abc import Sequence
from functools import partial

from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import ResolvedSessions, SessionAuthenticator
from shop.application.identity.email_lookup import find_by_emails
from shop.application.ledger.transfer_batch import GrantCredit, MakeTransfer, TransferBatch
from shop.application.ledger.unknown_recipients import UnknownRecipients
from shop.application.notifications.events import Notifications
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import result_or_error
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import (
    MAX_NOTE_CHARACTERS,
    Transfer,
)
from shop.domain.rate_limit import RateLimit
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency, Money
from shop.domain.shared.text import require_text
from shop.domain.user import Role, normalise_email


class TransferService:
    """Moves money between accounts."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
        currency: Currency,
        recipient_limit: RateLimit | None,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications
        self._currency = currency
        self._recipient_limit = recipient_limit

    async def make(self, commands: Sequence[MakeTransfer]) -> Sequence[CommandResult[Transfer]]:
        """Make these transfers in one unit of work; a rejected one affects no other.

        Errors: `NotSignedIn`, `SessionExpired`, `InvalidValue`, `RecipientNotFound`,
        `TooManyRequests`, `InsufficientFunds`, `BalanceTooLarge`, `IdempotencyKeyReused`,
        `RequestInProgress`.
        """
        return await self._transactions.write(
            partial(self._make, commands),
            retryable=True,
            splittable=len(commands) > 1,
            guarded=True,
        )

    async def _make(
        self, commands: Sequence[MakeTransfer], uow: UnitOfWork
    ) -> Sequence[CommandResult[Transfer]]:
        await uow.read_ahead([each.rows for each in commands])
        resolved_sessions = await self._authenticator.resolve(
            uow, [each.session for each in commands]
        )
        batch = await IdempotentBatch.claim(
            uow,
            [
                result_or_error(command, partial(self._transfer_request, resolved_sessions))
                for command in commands
            ],
            at=self._clock.now(),
        )
        transfer_batch = await self._load_batch(uow, batch.requests)
        recipients = await UnknownRecipients.load(
            uow,
            {request.key.user_id for request in batch.requests},
            self._recipient_limit,
            now=self._clock.now(),
        )
        return await batch.execute(
            partial(recipients.limiting, transfer_batch.transfer),
            uow.transfers.get_many,
            before_commit=partial(recipients.store, uow),
        )

    def _transfer_request(
        self, resolved_sessions: ResolvedSessions, command: MakeTransfer
    ) -> IdempotentRequest[MakeTransfer]:
        current_session = resolved_sessions.require_customer(command.session)
        self._require_amount(command.amount)
        _require_note("note", command.note, at_least=0)
        if normalise_email(command.to, field="to") == current_session.signed_in_user.email:
            raise InvalidValue(field="to", rule="must be another customer")
        return IdempotentRequest(
            key=IdempotencyKey(user_id=current_session.signed_in_user.id, value=command.key),
            fingerprint=fingerprint(
                "transfer",
                to=normalise_email(command.to, field="to"),
                amount=command.amount,
                note=command.note,
            ),
            command=command,
        )

    async def _load_batch(
        self, uow: UnitOfWork, requests: Sequence[IdempotentRequest[MakeTransfer]]
    ) -> TransferBatch:
        recipients = await find_by_emails(
            uow, {normalise_email(request.command.to, field="to") for request in requests}
        )
        user_ids = {user.id for user in recipients.values()}
        user_ids |= {request.key.user_id for request in requests}
        accounts = await uow.accounts.lock_for_users(user_ids, self._currency)
        return TransferBatch(
            uow, self._ids, self._notifications, self._clock.now(), recipients, accounts
        )

    async def grant_credit(self, command: GrantCredit) -> CommandResult[Transfer]:
        """Move money from the shop's adjustments account to a customer's.

        Errors: `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue`, `AccountNotFound`,
        `BalanceTooLarge`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        work = partial(self._grant_credit, command)
        return await self._transactions.write(work, retryable=True, guarded=True)

    async def _grant_credit(self, command: GrantCredit, uow: UnitOfWork) -> CommandResult[Transfer]:
        wanted = RowsWanted(session=command.session, idempotency_key=command.key)
        await uow.read_ahead([wanted])
        resolved_sessions = await self._authenticator.resolve(uow, [command.session])
        request = self._credit_request(resolved_sessions, command)
        batch = await IdempotentBatch.claim(uow, [request], at=self._clock.now())
        accounts = await uow.accounts.lock([command.account_id])
        transfer_batch = TransferBatch(
            uow,
            self._ids,
            self._notifications,
            self._clock.now(),
            recipients={},
            accounts={account.user_id: account for account in accounts.values()},
        )
        (result,) = await batch.execute(transfer_batch.credit, uow.transfers.get_many)
        return result

    def _credit_request(
        self, resolved_sessions: ResolvedSessions, command: GrantCredit
    ) -> IdempotentRequest[GrantCredit]:
        current_session = resolved_sessions.require_signed_in(command.session)
        current_session.signed_in_user.require(Role.ADMIN)
        self._require_amount(command.amount)
        _require_note("reason", command.reason, at_least=1)
        return IdempotentRequest(
            key=IdempotencyKey(user_id=current_session.signed_in_user.id, value=command.key),
            fingerprint=fingerprint(
                "credit",
                account_id=command.account_id,
                amount=command.amount,
                reason=command.reason,
            ),
            command=command,
        )

    def _require_amount(self, amount: Money) -> None:
        amount.require_currency(self._currency)
        amount.require_positive()


def _require_note(field: str, text: str, *, at_least: int) -> None:
    if not at_least <= len(text) <= MAX_NOTE_CHARACTERS:
        raise InvalidValue(
            field=field, rule=f"must be {at_least} to {MAX_NOTE_CHARACTERS} characters"
        )
    require_text(text, field)
