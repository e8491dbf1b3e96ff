"""Ledger: money that moves between accounts, and into them."""

from dependency_injector import providers

from shop.application.idempotency.results import CommandResult
from shop.application.ledger.accounts import AccountService
from shop.application.ledger.deposits import DepositService
from shop.application.ledger.transfer_batch import MakeTransfer
from shop.application.ledger.transfers import TransferService
from shop.application.transactions.group_commit import GroupCommit
from shop.domain.account import Transfer
from shop.entrypoints.container.notifications import NotificationContainer as Base
from shop.entrypoints.container.notifications import notifying
from shop.entrypoints.container.payments import PaymentContainer
from shop.entrypoints.container.transactions import queue_of


class LedgerContainer(Base, PaymentContainer):
    """The use cases around accounts, transfers and deposits."""

    account_service = providers.Singleton(
        AccountService, Base.transaction_runner, Base.settings.provided.currency
    )
    transfer_service = notifying(
        TransferService,
        Base.settings.provided.currency,
        Base.policies.provided.recipient_limit,
    )
    transfer_queue: providers.Provider[GroupCommit[MakeTransfer, CommandResult[Transfer]]] = (
        queue_of(transfer_service.provided.make)
    )
    deposit_service = providers.Singleton(
        DepositService,
        Base.transaction_runner,
        Base.session_authenticator,
        PaymentContainer.card_payments,
        Base.clock,
        Base.id_generator,
        Base.notifications,
        Base.policies.provided.payment,
    )
