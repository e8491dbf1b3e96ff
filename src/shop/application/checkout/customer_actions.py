"""Shortens how long an order reserves stock while the customer has to act."""

from dataclasses import replace
from functools import partial
from uuid import UUID

from shop.application.payments.payment_policy import PaymentPolicy
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.orders.order import OrderStatus
from shop.domain.payment import Payment


class CustomerActions:
    """Records that the gateway waits for the customer of a pending order."""

    def __init__(
        self, transactions: TransactionRunner, clock: Clock, policy: PaymentPolicy
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._policy = policy

    async def record(self, payment: Payment) -> Payment:
        """Return the payment, which expires once the customer has had the time to act.

        A repeated record does not prolong the reservation.
        """
        if payment.card_details.expires_at <= self._policy.act_until(self._clock.now()):
            return payment
        work = partial(self._record, payment.order_id)
        return await self._transactions.write(work, retryable=True) or payment

    async def _record(self, order_id: UUID, uow: UnitOfWork) -> Payment | None:
        order = (await uow.orders.lock([order_id]))[order_id]
        payment = (await uow.payments.for_orders([order_id]))[order_id]
        if order.status is not OrderStatus.PENDING:
            return None
        act_until = self._policy.act_until(self._clock.now())
        card = payment.card_details
        payment = replace(payment, card=replace(card, expires_at=min(card.expires_at, act_until)))
        uow.payments.save(payment)
        await uow.commit()
        return payment
