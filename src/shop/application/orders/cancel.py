"""Cancels orders: returns the stock and reverses the payment."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shop.application.identity.authentication import SessionAuthenticator
from shop.application.inventory.order_stock import OrderStock
from shop.application.notifications.events import Notifications
from shop.application.orders.fulfil import lock_fulfilment
from shop.application.payments.methods import payments_by_method
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.repositories.idempotency_keys import Rejected
from shop.application.ports.repositories.session_store import SessionToken
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.inventory import StockMovementKind
from shop.domain.orders.fulfilment import OrderPartlyFulfilled
from shop.domain.orders.order import Actor, Order, OrderNotFound, OrderStatus
from shop.domain.payment import Payment, PaymentCancelled
from shop.domain.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder:
    """Cancel one's own order, or any order as an admin."""

    session: SessionToken | None
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledOrder:
    """The order was cancelled and its payment reversed; an admin sees its customer."""

    order: Order
    payment: Payment
    customer: User | None


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
            uow.idempotency_keys.complete_pending(
                order.idempotency_key, Rejected(error=PaymentCancelled())
            )
        else:
            stock.apply(order, StockMovementKind.RESTOCK)
        customer = None
        if user.is_admin:
            customer = (await uow.users.get_many([order.user_id]))[order.user_id]
        payments = payments_by_method(uow, self._ids, now, accounts)
        payments[payment.method].cancel(order, payment)
        payment = payment.reversed()
        uow.payments.save(payment)
        uow.orders.save(cancelled, status_change)
        self._notifications.order_cancelled(uow, cancelled, payment)
        await uow.commit()
        return CancelledOrder(order=cancelled, payment=payment, customer=customer)
