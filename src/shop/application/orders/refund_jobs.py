"""Runs the jobs that refund to a card.

Each job is idempotent even after the gateway has forgotten its key. The refunds of an order go to
the gateway one after the other, so its refunded amount shows which of them have arrived.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.jobs.retry_policy import RetryLater
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    GatewayOutcomeUnknown,
    GatewayRejected,
    PaymentGateway,
)
from shop.application.ports.repositories.jobs import Job, JobId
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.orders.refund import Refund, RefundStatus
from shop.domain.payment import Payment, PaymentMethod
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


def refund_key(reference: UUID) -> str:
    """Return the gateway's idempotency key of a refund."""
    return f"shop:{reference}:refund"


@value
class RefundInOrder:
    """A refund, its payment, and the earlier refunds to the card."""

    refund: Refund
    payment: Payment
    earlier_refunds: tuple[Refund, ...]

    @property
    def is_next(self) -> bool:
        """Whether every earlier refund has succeeded."""
        return all(each.status is RefundStatus.SUCCEEDED for each in self.earlier_refunds)

    @property
    def refunded_after(self) -> Money:
        """The amount refunded to the card once this refund has succeeded."""
        earlier_amounts = (each.amount for each in self.earlier_refunds)
        return Money.total(earlier_amounts, self.refund.amount.currency) + self.refund.amount


class RefundJobs:
    """Sends refunds to the gateway."""

    def __init__(
        self,
        transactions: TransactionRunner,
        gateway: PaymentGateway,
        clock: Clock,
        idempotency_window: timedelta,
    ) -> None:
        self._transactions = transactions
        self._gateway = gateway
        self._clock = clock
        self._idempotency_window = idempotency_window

    async def refund(self, job: Job) -> None:
        """Refund an amount at the gateway and record the result.

        Raise `RetryLater` while an earlier refund of the order is pending,
        `GatewayOutcomeUnknown`, or `GatewayRejected`, whose reason is stored.
        """
        refund_in_order = await self._transactions.read(partial(_load, job.id.subject_id))
        if refund_in_order.refund.status is RefundStatus.PENDING and not refund_in_order.is_next:
            raise RetryLater(not_after=None)
        if (
            refund_in_order.refund.status is RefundStatus.PENDING
            and not await self._is_already_refunded(refund_in_order, job)
        ):
            await self._refund_at_gateway(refund_in_order)
        await self._record(refund_in_order.refund, Refund.succeeded, completed_job=job.id)

    async def _is_already_refunded(self, refund_in_order: RefundInOrder, job: Job) -> bool:
        """Check whether the gateway has already refunded the amount.

        Its records are needed if it may have forgotten the key, or after a failed attempt: it may
        repeat the error, or the money was refunded by hand.
        """
        is_key_remembered = (
            self._clock.now() - refund_in_order.refund.created_at < self._idempotency_window
        )
        if is_key_remembered and job.last_error is None:
            return False
        gateway_payment_id = refund_in_order.payment.card_details.gateway_payment_id
        gateway_payment = await self._gateway.find_payment(
            refund_in_order.refund.order_id, gateway_payment_id
        )
        if gateway_payment is None:
            raise GatewayOutcomeUnknown(f"the gateway does not find {gateway_payment_id}")
        return not gateway_payment.refunded < refund_in_order.refunded_after

    async def _refund_at_gateway(self, refund_in_order: RefundInOrder) -> None:
        try:
            await self._gateway.refund(
                key=refund_key(refund_in_order.refund.id),
                payment_id=refund_in_order.payment.card_details.gateway_payment_id or "",
                amount=refund_in_order.refund.amount,
            )
        except GatewayRejected as rejection:
            await self._record(
                refund_in_order.refund,
                partial(Refund.failed_attempt, reason=rejection.reason),
                completed_job=None,
            )
            raise

    async def _record(
        self, refund: Refund, change: Callable[[Refund], Refund], *, completed_job: JobId | None
    ) -> None:
        async def record(uow: UnitOfWork) -> None:
            await uow.orders.lock([refund.order_id])
            stored = (await uow.refunds.get_many([refund.id]))[refund.id]
            if stored.status is RefundStatus.PENDING:
                uow.refunds.save(change(stored))
            if completed_job is not None:
                uow.jobs.remove(completed_job)
            await uow.commit()

        await self._transactions.write(record, retryable=True)


async def _load(refund_id: UUID, uow: UnitOfWork) -> RefundInOrder:
    refund = (await uow.refunds.get_many([refund_id]))[refund_id]
    order_id = refund.order_id
    all_refunds = (await uow.refunds.for_orders([order_id]))[order_id]
    earlier_refunds = all_refunds[: all_refunds.index(refund)]
    return RefundInOrder(
        refund=refund,
        payment=(await uow.payments.for_orders([order_id]))[order_id],
        earlier_refunds=tuple(each for each in earlier_refunds if each.to is PaymentMethod.CARD),
    )
