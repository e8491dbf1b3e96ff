"""Jobs that resolve, capture and reverse card payments.

Every job is idempotent: idempotency keys, the gateway's records and the order lock make a second
run harmless.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder
from shop.application.checkout.customer_actions import CustomerActions
from shop.application.jobs.retry_policy import RetryLater
from shop.application.jobs.runner import complete_job
from shop.application.payments.card_payments import CardPayment, CardPayments
from shop.application.payments.payment_policy import retry_at_the_latest
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import ActionRequired
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.rows_wanted import RowsWanted
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import CommandQueues, GroupCommit
from shop.application.transactions.runner import TransactionRunner
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.payment import Payment, PaymentStatus
from shop.domain.shared.errors import ShopError


class PaymentJobs:
    """Resolves, captures and reverses card payments."""

    def __init__(
        self,
        transactions: TransactionRunner,
        card_payments: CardPayments,
        completion_queue: GroupCommit[CompleteOrder, CompletedOrder],
        queues: CommandQueues,
        clock: Clock,
        response_timeout: timedelta,
        customer_actions: CustomerActions,
    ) -> None:
        self._transactions = transactions
        self._card_payments = card_payments
        self._completion_queue = completion_queue
        self._lookup_queue = queues.queue_for(self._find_all)
        self._capture_queue = queues.queue_for(self._record_all)
        self._clock = clock
        self._response_timeout = response_timeout
        self._customer_actions = customer_actions

    async def resolve(self, job: Job) -> None:
        """Resolve or expire a pending order; raise `RetryLater` if it has no outcome."""
        authorisation = await self._card_payments.look_up(job.id.subject_id)
        order, payment = await self._lookup_queue.submit(job.id.subject_id)
        if order.status is not OrderStatus.PENDING:
            await self._complete_job(job)
            return
        payment_outcome = await self._card_payments.resolve(
            CardPayment.for_order(payment), authorisation
        )
        if payment_outcome is None:
            if isinstance(authorisation, ActionRequired):
                # The request that would have recorded it ended before the gateway answered.
                payment = await self._customer_actions.record(payment)
            expires_at = payment.card_details.expires_at
            now = self._clock.now()
            raise RetryLater(not_after=retry_at_the_latest(authorisation, expires_at, now))
        command = CompleteOrder(
            order=order, payment=payment, payment_outcome=payment_outcome, session=None
        )
        with suppress(ShopError):
            await self._completion_queue.submit(command)

    async def capture(self, job: Job) -> None:
        """Capture a paid order; raise `GatewayOutcomeUnknown` or `GatewayRejected`."""
        order, payment = await self._lookup_queue.submit(job.id.subject_id)
        if payment.status is not PaymentStatus.AUTHORISED:
            await self._complete_job(job)
            return
        await self._card_payments.capture(
            order.id, payment.card_details.gateway_payment_id, payment.amount
        )
        await self._capture_queue.submit(order.id)

    async def reverse(self, job: Job) -> None:
        """Void or refund a payment that is not needed.

        Raise `RetryLater` while a request may still reach the gateway, `GatewayOutcomeUnknown` or
        `GatewayRejected`.
        """
        gateway_payment_id = await self._transactions.read(
            partial(_find_gateway_payment_id, job.id.subject_id)
        )
        was_known = await self._card_payments.reverse(job.id.subject_id, gateway_payment_id)
        conclusive_at = job.created_at + self._response_timeout
        if not was_known and self._clock.now() < conclusive_at:
            raise RetryLater(not_after=conclusive_at)
        await self._complete_job(job)

    async def _find_all(self, order_ids: Sequence[UUID]) -> Sequence[tuple[Order, Payment]]:
        async def find_all(uow: UnitOfWork) -> Sequence[tuple[Order, Payment]]:
            await uow.read_ahead([RowsWanted(order_ids=order_ids)])
            orders = await uow.orders.get_many(set(order_ids))
            payments = await uow.payments.for_orders(set(order_ids))
            return [(orders[each], payments[each]) for each in order_ids]

        return await self._transactions.read(find_all)

    async def _record_all(self, order_ids: Sequence[UUID]) -> Sequence[None]:
        """Record captured payments in one unit of work."""
        return await self._transactions.write(
            partial(self._record_captures, order_ids),
            retryable=True,
            splittable=len(order_ids) > 1,
            guarded=True,
        )

    async def _record_captures(self, order_ids: Sequence[UUID], uow: UnitOfWork) -> Sequence[None]:
        await uow.read_ahead([RowsWanted(order_ids=order_ids)])
        await uow.orders.lock(set(order_ids))
        payments = await uow.payments.for_orders(set(order_ids))
        now = self._clock.now()
        for order_id, payment in payments.items():
            uow.jobs.remove(JobId(kind=JobKind.CAPTURE_PAYMENT, subject_id=order_id))
            if payment.status is PaymentStatus.AUTHORISED:
                uow.payments.save(payment.transition_to(PaymentStatus.CAPTURED))
            elif payment.status is PaymentStatus.VOIDED:
                # Cancelled during the capture, so the payment has to be refunded.
                uow.jobs.add(Job.new(JobKind.REVERSE_PAYMENT, order_id, at=now, due_at=now))
        await uow.commit()
        return [None] * len(order_ids)

    async def _complete_job(self, job: Job) -> None:
        await self._transactions.write(partial(complete_job, job), retryable=True)


async def _find_gateway_payment_id(reference: UUID, uow: UnitOfWork) -> str | None:
    """Return the gateway's id of an order's or deposit's payment, if it is known."""
    payment = (await uow.payments.for_orders([reference])).get(reference)
    if payment is not None:
        return payment.card_details.gateway_payment_id
    deposit = (await uow.deposits.get_many([reference])).get(reference)
    return None if deposit is None else deposit.gateway_payment_id
