"""Audit rules of jobs, and of orders, deposits and refunds that need one."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from shop.adapters.memory.audit.orders import FULFILLABLE
from shop.adapters.memory.engine.database import State
from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.domain.orders.order import Order, OrderStatus
from shop.domain.orders.refund import RefundStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus

Facts = Iterator[Mapping[str, Fact]]

_DEPOSIT_JOB_KINDS = {
    PaymentStatus.PENDING: JobKind.RESOLVE_DEPOSIT,
    PaymentStatus.AUTHORISED: JobKind.CAPTURE_DEPOSIT,
}


def pending_orders_past_expiry(due_before: datetime, state: State) -> Facts:
    """Find pending orders that should have expired."""
    for order, payment in _card_orders(state):
        is_over = payment.card is not None and payment.card.expires_at < due_before
        if order.status is OrderStatus.PENDING and is_over:
            yield {"order_id": str(order.id), "expires_at": str(payment.card_details.expires_at)}


def deposits_past_expiry(due_before: datetime, state: State) -> Facts:
    """Find pending deposits that should have expired."""
    for deposit in state.deposits.rows.values():
        if deposit.status is PaymentStatus.PENDING and deposit.expires_at < due_before:
            yield {"deposit_id": str(deposit.id), "expires_at": str(deposit.expires_at)}


def dead_jobs(due_before: datetime, state: State) -> Facts:
    """Find jobs that failed too often."""
    del due_before
    for job in state.jobs.rows.values():
        if job.is_dead:
            yield {**_job_facts(job), "last_error": job.last_error}


def overdue_jobs(due_before: datetime, state: State) -> Facts:
    """Find jobs that no worker runs."""
    for job in state.jobs.rows.values():
        if not job.is_dead and job.due_at < due_before:
            yield {**_job_facts(job), "due_at": str(job.due_at)}


def orders_without_job(due_before: datetime, state: State) -> Facts:
    """Find pending or authorised orders without a job to resolve or capture them.

    A closed order's reversal job is not checked: only the gateway knows whether it is needed.
    """
    del due_before
    for order, payment in _card_orders(state):
        kind = _required_job_kind(order, payment)
        if kind and JobId(kind=kind, subject_id=order.id) not in state.jobs.rows:
            yield {"order_id": str(order.id), "status": order.status.value, "job": kind.value}


def deposits_without_job(due_before: datetime, state: State) -> Facts:
    """Find deposits without the job that resolves or captures them."""
    del due_before
    for deposit in state.deposits.rows.values():
        kind = _DEPOSIT_JOB_KINDS.get(deposit.status)
        if kind and JobId(kind=kind, subject_id=deposit.id) not in state.jobs.rows:
            yield {
                "deposit_id": str(deposit.id),
                "status": deposit.status.value,
                "job": kind.value,
            }


def refunds_without_job(due_before: datetime, state: State) -> Facts:
    """Find pending refunds without a job."""
    del due_before
    for refund in state.refunds.rows.values():
        job = JobId(kind=JobKind.REFUND_PAYMENT, subject_id=refund.id)
        if refund.status is RefundStatus.PENDING and job not in state.jobs.rows:
            yield {"refund_id": str(refund.id), "order_id": str(refund.order_id)}


def _card_orders(state: State) -> Iterator[tuple[Order, Payment]]:
    for order in state.orders.rows.values():
        payment = state.payments.rows.get(order.id)
        if payment is not None and payment.method is PaymentMethod.CARD:
            yield order, payment


def _required_job_kind(order: Order, payment: Payment) -> JobKind | None:
    if order.status is OrderStatus.PENDING:
        return JobKind.RESOLVE_PAYMENT
    is_authorised = payment.status is PaymentStatus.AUTHORISED
    return JobKind.CAPTURE_PAYMENT if is_authorised and order.status in FULFILLABLE else None


def _job_facts(job: Job) -> Mapping[str, Fact]:
    return {
        "job": job.id.kind.value,
        "subject_id": str(job.id.subject_id),
        "attempts": job.attempts,
    }
