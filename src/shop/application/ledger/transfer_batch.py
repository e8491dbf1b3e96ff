"""Decides a group of transfers and credits on the accounts that the unit of work has locked."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from shop.application.idempotency.batch import IdempotentRequest
from shop.application.notifications.events import Notifications
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.domain.account import (
    Account,
    AccountNotFound,
    RecipientNotFound,
    ShopAccount,
    Transfer,
    TransferKind,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value
from shop.domain.user import User, email_forms, normalise_email


@value
class MakeTransfer:
    """Send money to another customer; `to` is an e-mail address."""

    session: SessionToken | None
    key: str
    to: str
    amount: Money
    note: str

    @property
    def rows(self) -> RowsWanted:
        """The rows that it needs."""
        emails: Collection[str] = ()
        with suppress(InvalidValue):
            emails = email_forms(normalise_email(self.to))
        return RowsWanted(
            session=self.session, has_account=True, idempotency_key=self.key, emails=emails
        )


@value
class GrantCredit:
    """Credit a customer's account with the shop's money (admin)."""

    session: SessionToken | None
    key: str
    account_id: UUID
    amount: Money
    reason: str


class TransferBatch:
    """The accounts that a group of requests has locked, with the changes so far."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: IdGenerator,
        notifications: Notifications,
        now: datetime,
        recipients: Mapping[str, User],
        accounts: Mapping[UUID, Account],
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._notifications = notifications
        self._now = now
        self._recipients = recipients
        self._accounts = dict(accounts)

    def transfer(self, request: IdempotentRequest[MakeTransfer]) -> Transfer:
        """Move money from the sender to the recipient."""
        command = request.command
        recipient = self._recipients.get(normalise_email(command.to, field="to"))
        if recipient is None or recipient.id not in self._accounts:
            raise RecipientNotFound(email=command.to)
        if recipient.id == request.key.user_id:
            # The address has its domain in another form than the user's own.
            raise InvalidValue(field="to", rule="must be another customer")
        sender = self._accounts[request.key.user_id]
        return self._move(
            TransferKind.TRANSFER,
            debit=sender.withdraw(command.amount),
            credit=self._accounts[recipient.id].deposit(command.amount),
            amount=command.amount,
            note=command.note,
        )

    def credit(self, request: IdempotentRequest[GrantCredit]) -> Transfer:
        """Credit the account with the shop's money."""
        command = request.command
        account = next(iter(self._accounts.values()), None)
        if account is None:
            raise AccountNotFound
        transfer = self._move(
            TransferKind.CREDIT,
            debit=None,
            credit=account.deposit(command.amount),
            amount=command.amount,
            note=command.reason,
        )
        self._notifications.account_credited(self._uow, transfer)
        return transfer

    def _move(
        self,
        kind: TransferKind,
        *,
        debit: Account | None,
        credit: Account,
        amount: Money,
        note: str,
    ) -> Transfer:
        for account in (debit, credit):
            if account is not None:
                self._accounts[account.user_id] = account
                self._uow.accounts.save(account)
        adjustments = ShopAccount.ADJUSTMENTS.account_id(amount.currency)
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
        return transfer
