"""Gateway events: stored when the webhook receives them, handled by a job of their own.

An event only says which payment to look at; the gateway's records say what happened to it. So it
does not matter in what order events come, how late, or how often.
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
"""What an event is about."""

_log = logging.getLogger(__name__)


class HandleGatewayEvents:
    """The use cases behind the gateway's webhook, and behind the jobs that it stores."""

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

        The gateway is asked nothing here: it waits for the answer. Raise `InvalidGatewayEvent` if
        the gateway has not sent this, or not just now.
        """
        event = self._gateway.parse_event(body, headers)
        subject_id = self._ids.new()
        await self._transactions.write(partial(self._store, event, subject_id), retryable=True)

    async def handle(self, job: Job) -> None:
        """Look up the payment of an event, and complete its order or deposit.

        An event that names neither is logged as an error, so that an operator looks at it. Before
        that, raise `RetryLater` while its order may still be on its way to the database. Raise
        `GatewayOutcomeUnknown` if the gateway's records cannot be read.
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
        _log.error("gateway event %s (%s) matches no order or deposit", event.id, event.kind)

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
    """Return the event that a job is about, and the order or deposit that the event is about."""
    event = (await uow.gateway_events.for_jobs([subject_id]))[subject_id]
    reference = event.reference
    if reference is None:
        return event, None
    order = (await uow.orders.get_many([reference])).get(reference)
    payment = (await uow.payments.for_orders([reference])).get(reference)
    if order is not None and payment is not None and payment.card is not None:
        return event, (order, payment)
    return event, (await uow.deposits.get_many([reference])).get(reference)
