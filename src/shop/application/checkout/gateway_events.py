"""Stores gateway events, and handles each in a job.

An event only names a payment; the gateway's records have its outcome. So events may arrive late,
repeatedly and in any order.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from shop.application.checkout.complete_orders import CompletedOrder, CompleteOrder
from shop.application.jobs.retry_policy import RetryLater
from shop.application.jobs.runner import complete_job
from shop.application.ledger.deposits import DepositService
from shop.application.ports.clock import Clock
from shop.application.ports.id_generator import IdGenerator
from shop.application.ports.payment_gateway import (
    Approved,
    Declined,
    GatewayEvent,
    PaymentGateway,
)
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.group_commit import GroupCommit
from shop.application.transactions.runner import TransactionRunner
from shop.domain.deposit import Deposit
from shop.domain.orders.order import Order
from shop.domain.payment import CardDeclined, Payment

Target = tuple[Order, Payment] | Deposit
"""The subject of an event."""

_log = logging.getLogger(__name__)


class HandleGatewayEvents:
    """Stores and handles the events of the gateway's webhook."""

    def __init__(
        self,
        transactions: TransactionRunner,
        gateway: PaymentGateway,
        completion_queue: GroupCommit[CompleteOrder, CompletedOrder],
        deposits: DepositService,
        clock: Clock,
        ids: IdGenerator,
        response_timeout: timedelta,
    ) -> None:
        self._transactions = transactions
        self._gateway = gateway
        self._completion_queue = completion_queue
        self._deposits = deposits
        self._clock = clock
        self._ids = ids
        self._response_timeout = response_timeout

    async def receive(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Store a new event with the job that handles it; a known event changes nothing.

        The job looks up the payment, because the gateway waits for this response. Raise
        `InvalidGatewayEvent` if it is not signed just now, or cannot be read.
        """
        await self.record(self._gateway.parse_event(body, headers))

    async def record(self, event: GatewayEvent) -> None:
        """Store a new event with the job that handles it; a known event changes nothing."""
        subject_id = self._ids.new()
        await self._transactions.write(partial(self._store, event, subject_id), retryable=True)

    async def handle(self, job: Job) -> None:
        """Look up the payment of an event, and complete its order or deposit.

        An event that matches neither is logged as an error for the operator. Before that, raise
        `RetryLater` while its order may not be committed yet. Raise `GatewayOutcomeUnknown` if the
        gateway's records cannot be read.
        """
        event, target = await self._transactions.read(partial(_find, job.id.subject_id))
        if target is not None:
            await self._complete(target, event.payment_id)
        elif event.reference is not None:
            self._report_unknown(event, conclusive_at=job.created_at + self._response_timeout)
        await self._transactions.write(partial(complete_job, job), retryable=True)

    async def _store(self, event: GatewayEvent, subject_id: UUID, uow: UnitOfWork) -> None:
        now = self._clock.now()
        if await uow.gateway_events.record_new(event, subject_id, now):
            uow.jobs.add(Job.new(JobKind.HANDLE_GATEWAY_EVENT, subject_id, at=now, due_at=now))
        await uow.commit()

    def _report_unknown(self, event: GatewayEvent, *, conclusive_at: datetime) -> None:
        if self._clock.now() < conclusive_at:
            raise RetryLater(not_after=conclusive_at)
        _log.error("gateway_event_unmatched", extra={"event_id": event.id, "kind": event.kind})

    async def _complete(self, target: Target, payment_id: str | None) -> None:
        reference = target.id if isinstance(target, Deposit) else target[0].id
        found = await self._gateway.find_payment(reference, payment_id)
        if found is None or found.reference != reference:
            return
        outcome = found.current_result
        if not isinstance(outcome, Approved | Declined):
            return
        if isinstance(target, Deposit):
            await self._deposits.complete(target.id, outcome)
            return
        order, payment = target
        command = CompleteOrder(order=order, payment=payment, payment_outcome=outcome, session=None)
        with suppress(CardDeclined):
            await self._completion_queue.submit(command)


async def _find(subject_id: UUID, uow: UnitOfWork) -> tuple[GatewayEvent, Target | None]:
    """Return the event of a job, and the order or deposit of the event."""
    event = (await uow.gateway_events.for_jobs([subject_id]))[subject_id]
    reference = event.reference
    if reference is None:
        return event, None
    order = (await uow.orders.get_many([reference])).get(reference)
    payment = (await uow.payments.for_orders([reference])).get(reference)
    if order is not None and payment is not None and payment.card is not None:
        return event, (order, payment)
    return event, (await uow.deposits.get_many([reference])).get(reference)
