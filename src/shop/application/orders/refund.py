"""Refunds orders, in full or in part, and restocks lines on request.

The ledger records a refund at once; a job sends the money to a card.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.idempotency.batch import IdempotentBatch, IdempotentRequest
from shop.application.idempotency.fingerprint import fingerprint
from shop.application.idempotency.results import CommandResult
from shop.application.identity.authentication import ResolvedSessions, SessionAuthenticator
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.payments.methods import payments_by_method
from shop.application.payments.methods.order_payments import OrderPayments
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import Account
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.orders.refund import Refund, RefundRequest
from shop.domain.payment import PaymentMethod, PaymentStatus
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value
from shop.domain.user import Role


@value
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
        `RefundExceedsPayment`, `ShippingAlreadyRefunded`, `NothingToRefund`, `BalanceTooLarge`,
        `IdempotencyKeyReused`, `RequestInProgress`.
        """
        return await self._transactions.write(partial(self._refund, command), retryable=True)

    async def _refund(self, command: RefundOrder, uow: UnitOfWork) -> CommandResult[Refund]:
        resolved_sessions = await self._authenticator.resolve(uow, [command.session])
        request = self._build_request(resolved_sessions, command)
        batch = await IdempotentBatch.claim(uow, [request], at=self._clock.now())
        # Lines, owner and payment method never change, so they can be read before locking.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        refund_decision = await self._load_decision(uow, order)
        (result,) = await batch.execute(refund_decision.refund, partial(_load_as_requested, uow))
        return result

    def _build_request(
        self, resolved_sessions: ResolvedSessions, command: RefundOrder
    ) -> IdempotentRequest[RefundOrder]:
        current_session = resolved_sessions.require_signed_in(command.session)
        current_session.signed_in_user.require(Role.ADMIN)
        if command.refund_request.amount is not None:
            command.refund_request.amount.require_currency(self._currency)
        return IdempotentRequest(
            key=IdempotencyKey(user_id=current_session.signed_in_user.id, value=command.key),
            fingerprint=_fingerprint(command),
            command=command,
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
        payments = payments_by_method(uow, self._ids, now, accounts)
        return RefundDecision(uow, self._ids, self._notifications, now, payments, stock, fulfilment)


class RefundDecision:
    """Decides a refund with the objects that it has locked."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: IdGenerator,
        notifications: Notifications,
        now: datetime,
        payments: Mapping[PaymentMethod, OrderPayments],
        stock: OrderStock,
        fulfilment: Fulfilment | None,
    ) -> None:
        self._uow = uow
        self._ids = ids
        self._notifications = notifications
        self._now = now
        self._payments = payments
        self._stock = stock
        self._fulfilment = fulfilment

    def refund(self, request: IdempotentRequest[RefundOrder]) -> Refund:
        """Decide the refund by the rules of the domain, then stage it."""
        before = self._fulfilment
        if before is None:
            raise OrderNotFound
        after, refund = before.refund(
            request.command.refund_request, id=self._ids.new(), at=self._now, actor=Actor.ADMIN
        )
        # The money comes first because a balance that is too large still rejects the refund.
        self._payments[refund.to].refund(before.order, refund)
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
        return refund


def _fingerprint(command: RefundOrder) -> str:
    """Return the fingerprint; without shipping, it is that of releases that knew no shipping."""
    request = command.refund_request
    members: dict[str, object] = {
        "lines": request.lines,
        "amount": request.amount,
        "to": request.to,
        "reason": request.reason,
        "restock": request.restock,
    }
    if request.shipping:
        members["shipping"] = True
    return fingerprint("refund", order_id=command.order_id, wish=members)


async def _load_as_requested(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, Refund]:
    refunds = await uow.refunds.get_many(ids)
    return {refund.id: refund.as_requested() for refund in refunds.values()}
