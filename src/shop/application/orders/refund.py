"""Refunds orders, in full or in part, and restocks lines on request.

The ledger records a refund at once; a job sends the money to a card.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest, ids_to_replay
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import ResolvedSessions, SessionAuthenticator
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.idempotency_keys import Claim, IdempotencyKey
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account, ShopAccount, Transfer, TransferKind
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.orders.refund import Refund, RefundRequest
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.shared.money import Currency
from shop.domain.user import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Refund part of an order, or all that remains (admin)."""

    session: SessionToken | None
    key: str
    order_id: UUID
    refund_request: RefundRequest


class RefundOrders:
    """Refunds orders."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
        currency: Currency,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications
        self._currency = currency

    async def refund(self, command: RefundOrder) -> CommandResult[Refund]:
        """Refund once under the idempotency key; restock the lines if requested.

        Raise `NotSignedIn`, `SessionExpired`, `Forbidden`, `InvalidValue`, `OrderNotFound`,
        `IllegalTransition`, `PaymentNotCaptured`, `NotPaidByCard`, `QuantityExceedsOrder`,
        `RefundExceedsPayment`, `BalanceTooLarge`, `IdempotencyKeyReused`, `RequestInProgress`.
        """
        return await self._transactions.write(partial(self._refund, command), retryable=True)

    async def _refund(self, command: RefundOrder, uow: UnitOfWork) -> CommandResult[Refund]:
        resolved_sessions = await self._authenticator.resolve(uow, [command.session])
        request = self._build_request(resolved_sessions, command)
        idempotent_batch = await IdempotentBatch.claim(uow, [request])
        # Lines, owner and payment method never change, so they can be read before locking.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        refund_decision = await self._load_decision(uow, order)
        decision = idempotent_batch.decide(request, refund_decision.refund)
        replayed = await uow.refunds.get_many(ids_to_replay([decision], refund_decision.created))
        await uow.commit()
        as_requested = {each.id: each.as_requested() for each in replayed.values()}
        return decision.to_result({**as_requested, **refund_decision.created})

    def _build_request(
        self, resolved_sessions: ResolvedSessions, command: RefundOrder
    ) -> IdempotentRequest[RefundOrder]:
        current_session = resolved_sessions.require_signed_in(command.session)
        current_session.signed_in_user.require(Role.ADMIN)
        if command.refund_request.amount is not None:
            command.refund_request.amount.require_currency(self._currency)
        return IdempotentRequest(
            command=command,
            current_session=current_session,
            claim=Claim(
                id=IdempotencyKey(user_id=current_session.signed_in_user.id, key=command.key),
                fingerprint=fingerprint(
                    "refund", order_id=command.order_id, wish=command.refund_request
                ),
                created_at=self._clock.now(),
            ),
        )

    async def _load_decision(self, uow: UnitOfWork, order: Order | None) -> "RefundDecision":
        now = self._clock.now()
        accounts: Mapping[UUID, Account] = {}
        skus: set[str] = set()
        if order is not None:
            accounts = await uow.accounts.lock_for_users([order.user_id], self._currency)
            skus = {line.sku for line in order.lines}
        inventories = await uow.inventories.lock(skus)
        stock = OrderStock(uow, self._ids, self._notifications, now, inventories)
        fulfilment = None if order is None else await lock_fulfilment(uow, order.id)
        return RefundDecision(uow, self._ids, self._notifications, now, accounts, stock, fulfilment)


class RefundDecision:
    """Decides a refund with the objects that it has locked."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: IdGenerator,
        notifications: Notifications,
        now: datetime,
        accounts: Mapping[UUID, Account],
        stock: OrderStock,
        fulfilment: Fulfilment | None,
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._notifications = notifications
        self._now = now
        self._accounts = accounts
        self._stock = stock
        self._fulfilment = fulfilment
        self.created: dict[UUID, Refund] = {}

    def refund(self, request: IdempotentRequest[RefundOrder]) -> UUID:
        """Decide and stage the refund; return its id."""
        before = self._fulfilment
        if before is None:
            raise OrderNotFound
        after, refund = before.refund(
            request.command.refund_request, id=self._ids.new(), at=self._now, actor=Actor.ADMIN
        )
        # The money comes first because a balance that is too large still rejects the refund.
        self._refund_money(refund, before.order)
        if refund.restocked:
            for line in refund.lines:
                self._stock.apply_to_line(
                    refund.order_id, line.sku, line.quantity, StockMovementKind.RESTOCK
                )
        self._uow.refunds.add(refund)
        order, payment = before.order, before.payment
        if after.status is OrderStatus.REFUNDED:
            payment = payment.transition_to(PaymentStatus.REFUNDED)
            self._uow.payments.save(payment)
        for order, status_change in after.status_changes(at=self._now, actor=Actor.ADMIN):
            self._uow.orders.save(order, status_change)
        self._notifications.order_refunded(self._uow, order, payment, refund=refund)
        self.created[refund.id] = refund
        return refund.id

    def _refund_money(self, refund: Refund, order: Order) -> None:
        currency = refund.amount.currency
        if refund.to is PaymentMethod.ACCOUNT:
            account = self._accounts[order.user_id].deposit(refund.amount)
            self._uow.accounts.save(account)
            credit_account_id = account.id
        else:
            credit_account_id = ShopAccount.CARD_CLEARING.account_id(currency)
            job = Job.new(JobKind.REFUND_PAYMENT, refund.id, at=self._now, due_at=self._now)
            self._uow.jobs.add(job)
        self._uow.transfers.add(
            Transfer(
                id=refund.id,
                kind=TransferKind.REFUND,
                debit_account_id=ShopAccount.SALES.account_id(currency),
                credit_account_id=credit_account_id,
                amount=refund.amount,
                order_id=refund.order_id,
                note=refund.reason,
                created_at=self._now,
            )
        )
