"""Cancels orders: returns the stock and reverses the payment."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import SessionAuthenticator
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.idempotency_keys import IdempotencyKey, Rejected
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.account import ShopAccount, Transfer, TransferKind
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.fulfilment import OrderPartlyFulfilled
from shop.domain.orders.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment, PaymentCancelled, PaymentMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Cancel one's own order, or any order as an admin."""

    session: SessionToken | None
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledOrder:
    """The order was cancelled and its payment reversed."""

    order: Order
    payment: Payment


class CancelOrders:
    """Cancels orders."""

    def __init__(
        self,
        transactions: TransactionRunner,
        authenticator: SessionAuthenticator,
        clock: Clock,
        ids: IdGenerator,
        notifications: Notifications,
    ) -> None:
        self._transactions = transactions
        self._authenticator = authenticator
        self._clock = clock
        self._ids = ids
        self._notifications = notifications

    async def cancel(self, command: CancelOrder) -> CancelledOrder:
        """Cancel the order, return its stock and reverse its payment; a card's by a job.

        Raise `NotSignedIn`, `SessionExpired`, `OrderNotFound`, `IllegalTransition` or
        `OrderPartlyFulfilled`.
        """
        return await self._transactions.write(partial(self._cancel, command), retryable=False)

    async def _cancel(self, command: CancelOrder, uow: UnitOfWork) -> CancelledOrder:
        user = await self._authenticator.require_user(uow, command.session)
        # Lines and owner never change, so they can be read first to lock in the common order.
        order = (await uow.orders.get_many([command.order_id])).get(command.order_id)
        if order is None or not order.is_visible_to(user):
            raise OrderNotFound
        now = self._clock.now()
        accounts = await uow.accounts.lock_for_users([order.user_id], order.total.currency)
        inventories = await uow.inventories.lock([line.sku for line in order.lines])
        fulfilment = await lock_fulfilment(uow, order.id)
        if fulfilment is None:
            raise OrderNotFound
        order, payment = fulfilment.order, fulfilment.payment

        actor = Actor.CUSTOMER if user.id == order.user_id else Actor.ADMIN
        cancelled, status_change = order.transition_to(OrderStatus.CANCELLED, at=now, actor=actor)
        if fulfilment.has_started:
            raise OrderPartlyFulfilled
        stock = OrderStock(uow, self._ids, self._notifications, now, inventories)
        if order.status is OrderStatus.PENDING:
            stock.apply(order, StockMovementKind.RELEASE)
            key = IdempotencyKey(user_id=order.user_id, key=order.idempotency_key)
            uow.idempotency_keys.complete_pending(key, Rejected(error=PaymentCancelled()))
        else:
            stock.apply(order, StockMovementKind.RESTOCK)
            self._refund_money(
                uow, payment, to=self._refunded_account_id(payment, accounts[order.user_id].id)
            )
        if payment.method is PaymentMethod.ACCOUNT:
            uow.accounts.save(accounts[order.user_id].deposit(payment.amount))
        else:
            for kind in (JobKind.RESOLVE_PAYMENT, JobKind.CAPTURE_PAYMENT):
                uow.jobs.remove(JobId(kind=kind, subject_id=order.id))
            uow.jobs.add(Job.new(JobKind.REVERSE_PAYMENT, order.id, at=now, due_at=now))
        payment = payment.reversed()
        uow.payments.save(payment)
        uow.orders.save(cancelled, status_change)
        self._notifications.order_cancelled(uow, cancelled, payment)
        await uow.commit()
        return CancelledOrder(order=cancelled, payment=payment)

    def _refund_money(self, uow: UnitOfWork, payment: Payment, *, to: UUID) -> None:
        uow.transfers.add(
            Transfer(
                id=self._ids.new(),
                kind=TransferKind.REFUND,
                debit_account_id=ShopAccount.SALES.account_id(payment.amount.currency),
                credit_account_id=to,
                amount=payment.amount,
                order_id=payment.order_id,
                note="",
                created_at=self._clock.now(),
            )
        )

    def _refunded_account_id(self, payment: Payment, account_id: UUID) -> UUID:
        if payment.method is PaymentMethod.ACCOUNT:
            return account_id
        return ShopAccount.CARD_CLEARING.account_id(payment.amount.currency)
