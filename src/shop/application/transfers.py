"""Transfers: customers pass money on, and admins give credit; each once under its key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.admission import Admission, Arrivals
from shop.application.announcements import Announcements
from shop.application.group_commit import answer_or_refusal
from shop.application.idempotency import (
    Claims,
    Reply,
    Request,
    fingerprint,
    made_earlier,
    sound,
)
from shop.application.ports.clock import Clock
from shop.application.ports.idempotency import Claim, KeyId
from shop.application.ports.ids import Ids
from shop.application.ports.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transact import Transact
from shop.domain.account import (
    MAX_NOTE_CHARACTERS,
    Account,
    AccountNotFound,
    RecipientNotFound,
    ShopAccount,
    Transfer,
    TransferKind,
)
from shop.domain.errors import RuleBroken
from shop.domain.money import Currency, Money
from shop.domain.text import is_line
from shop.domain.user import Role, User, normalise_email


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeTransfer:
    """Pass money to another customer; `to` is an e-mail address."""

    session: SessionToken | None
    key: str
    to: str
    amount: Money
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCredit:
    """Put the shop's money into a customer's account, for a reason (admin)."""

    session: SessionToken | None
    key: str
    account_id: UUID
    amount: Money
    reason: str


class Transfers:
    """The use cases that move money between accounts."""

    def __init__(
        self,
        transact: Transact,
        admission: Admission,
        clock: Clock,
        ids: Ids,
        announcements: Announcements,
        currency: Currency,
    ) -> None:
        self._transact = transact
        self._admission = admission
        self._clock = clock
        self._ids = ids
        self._announcements = announcements
        self._currency = currency

    async def make(self, commands: Sequence[MakeTransfer]) -> Sequence[Reply[Transfer]]:
        """Decide these transfers in this order, in one unit of work; a refusal harms no other.

        Refusals: `NotSignedIn`, `SessionExpired`, `RuleBroken`, `RecipientNotFound`,
        `InsufficientFunds`, `BalanceTooLarge`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        return await self._transact.write(
            partial(self._make, commands), repeatable=True, divisible=len(commands) > 1
        )

    async def _make(
        self, commands: Sequence[MakeTransfer], uow: UnitOfWork
    ) -> Sequence[Reply[Transfer]]:
        arrivals = await self._admission.look(uow, [each.session for each in commands])
        requests = [
            answer_or_refusal(command, partial(self._transfer_request, arrivals))
            for command in commands
        ]
        claims = await Claims.take(uow, sound(requests))
        desk = await self._open_desk(uow, sound(requests))
        verdicts = [claims.decide(request, desk.transfer) for request in requests]
        earlier = await uow.transfers.get_many(made_earlier(verdicts, desk.made))
        await uow.commit()
        return [verdict.reply({**earlier, **desk.made}) for verdict in verdicts]

    def _transfer_request(self, arrivals: Arrivals, command: MakeTransfer) -> Request[MakeTransfer]:
        visit = arrivals.signed_in(command.session)
        self._require_amount(command.amount)
        _require_note("note", command.note, at_least=0)
        if normalise_email(command.to, field="to") == visit.signed_in_user.email:
            raise RuleBroken(field="to", rule="money goes to somebody else")
        return Request(
            command=command,
            visit=visit,
            claim=Claim(
                id=KeyId(user_id=visit.signed_in_user.id, key=command.key),
                fingerprint=fingerprint(
                    "transfer",
                    to=normalise_email(command.to, field="to"),
                    amount=command.amount,
                    note=command.note,
                ),
                created_at=self._clock.now(),
            ),
        )

    async def _open_desk(
        self, uow: UnitOfWork, requests: Sequence[Request[MakeTransfer]]
    ) -> "_Desk":
        recipients = await uow.users.with_emails(
            {normalise_email(request.command.to, field="to") for request in requests}
        )
        user_ids = {user.id for user in recipients.values()}
        user_ids |= {request.visit.signed_in_user.id for request in requests}
        accounts = await uow.accounts.lock_of_users(user_ids, self._currency)
        return _Desk(uow, self._ids, self._clock.now(), recipients, accounts)

    async def give_credit(self, command: GiveCredit) -> Reply[Transfer]:
        """Move money from the shop's adjustments into an account, once under the key.

        Refusals: `NotSignedIn`, `SessionExpired`, `Forbidden`, `RuleBroken`, `AccountNotFound`,
        `BalanceTooLarge`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        return await self._transact.write(partial(self._give_credit, command), repeatable=True)

    async def _give_credit(self, command: GiveCredit, uow: UnitOfWork) -> Reply[Transfer]:
        arrivals = await self._admission.look(uow, [command.session])
        request = self._credit_request(arrivals, command)
        claims = await Claims.take(uow, [request])
        accounts = await uow.accounts.lock([command.account_id])
        desk = _Desk(
            uow,
            self._ids,
            self._clock.now(),
            recipients={},
            accounts={account.user_id: account for account in accounts.values()},
        )
        verdict = claims.decide(request, desk.credit)
        for transfer in desk.made.values():
            self._announcements.account_credited(uow, transfer)
        earlier = await uow.transfers.get_many(made_earlier([verdict], desk.made))
        await uow.commit()
        return verdict.reply({**earlier, **desk.made})

    def _credit_request(self, arrivals: Arrivals, command: GiveCredit) -> Request[GiveCredit]:
        visit = arrivals.signed_in(command.session)
        visit.signed_in_user.require(Role.ADMIN)
        self._require_amount(command.amount)
        _require_note("reason", command.reason, at_least=1)
        return Request(
            command=command,
            visit=visit,
            claim=Claim(
                id=KeyId(user_id=visit.signed_in_user.id, key=command.key),
                fingerprint=fingerprint(
                    "credit",
                    account_id=command.account_id,
                    amount=command.amount,
                    reason=command.reason,
                ),
                created_at=self._clock.now(),
            ),
        )

    def _require_amount(self, amount: Money) -> None:
        amount.require_currency(self._currency)
        amount.require_positive()


class _Desk:
    """The locked accounts of a group of requests, and what has been decided with them so far."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: Ids,
        now: datetime,
        recipients: Mapping[str, User],
        accounts: Mapping[UUID, Account],
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._now = now
        self._recipients = recipients
        self._accounts = dict(accounts)
        self.made: dict[UUID, Transfer] = {}

    def transfer(self, request: Request[MakeTransfer]) -> UUID:
        """Move money from the sender to the recipient; return the transfer's id."""
        command = request.command
        recipient = self._recipients.get(normalise_email(command.to, field="to"))
        if recipient is None or recipient.id not in self._accounts:
            raise RecipientNotFound(email=command.to)
        sender = self._accounts[request.visit.signed_in_user.id]
        return self._move(
            TransferKind.TRANSFER,
            debit=sender.withdraw(command.amount),
            credit=self._accounts[recipient.id].deposit(command.amount),
            amount=command.amount,
            note=command.note,
        )

    def credit(self, request: Request[GiveCredit]) -> UUID:
        """Move the shop's money into the account; return the transfer's id."""
        command = request.command
        account = next(iter(self._accounts.values()), None)
        if account is None:
            raise AccountNotFound
        return self._move(
            TransferKind.CREDIT,
            debit=None,
            credit=account.deposit(command.amount),
            amount=command.amount,
            note=command.reason,
        )

    def _move(
        self,
        kind: TransferKind,
        *,
        debit: Account | None,
        credit: Account,
        amount: Money,
        note: str,
    ) -> UUID:
        for account in (debit, credit):
            if account is not None:
                self._accounts[account.user_id] = account
                self._uow.accounts.save(account)
        adjustments = ShopAccount.ADJUSTMENTS.id_in(amount.currency)
        transfer = Transfer(
            id=self._ids.new(),
            kind=kind,
            debit_account_id=debit.id if debit else adjustments,
            credit_account_id=credit.id,
            amount=amount,
            order_id=None,
            note=note,
            created_at=self._now,
        )
        self._uow.transfers.add(transfer)
        self.made[transfer.id] = transfer
        return transfer.id


def _require_note(field: str, text: str, *, at_least: int) -> None:
    if not at_least <= len(text) <= MAX_NOTE_CHARACTERS:
        raise RuleBroken(field=field, rule=f"it has {at_least} to {MAX_NOTE_CHARACTERS} characters")
    if not is_line(text):
        raise RuleBroken(field=field, rule="it is one line, of what can be seen")
