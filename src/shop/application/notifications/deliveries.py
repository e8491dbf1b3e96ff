"""Sends notifications and records the attempts.

An attempt without a response may have arrived, so a notification arrives at least once, with the
same id every time.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from shop.application.jobs.retry_policy import retries_exhausted
from shop.application.jobs.runner import complete_job
from shop.application.notifications.endpoints import EndpointGate, log_change, status_after
from shop.application.notifications.events import WebhookEndpoint
from shop.application.notifications.letters import OrderLetters
from shop.application.ports.clock import Clock
from shop.application.ports.mailer import Mailer
from shop.application.ports.metrics import UNCOUNTED, Metrics
from shop.application.ports.repositories.jobs import Job
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import NotificationFailed, WebhookRequest, WebhookSender
from shop.application.transactions.group_commit import CommandQueues
from shop.application.transactions.runner import TransactionRunner
from shop.domain.endpoint import EndpointStatus
from shop.domain.notification import (
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from shop.domain.shared.value import value

Send = Callable[[NotificationDelivery], Awaitable[int]]


@value
class NotificationAttempt:
    """A numbered attempt at a delivery, and its result: a status code or a failure.

    `endpoint` is the status of the endpoint before the request; None if none was sent to one.
    """

    job: Job
    number: int
    result: int | NotificationFailed
    endpoint: EndpointStatus | None

    @property
    def changes_endpoint(self) -> bool:
        """Whether the result may change what is known of the endpoint."""
        return self.endpoint is not None and (
            isinstance(self.result, NotificationFailed) or not self.endpoint.is_working
        )

    @property
    def is_last(self) -> bool:
        """Whether no retry follows, unless an operator asks for one."""
        return isinstance(self.result, NotificationFailed) and (
            self.result.is_permanent or retries_exhausted(self.job)
        )

    @property
    def ends_job(self) -> bool:
        """Whether the job is done, because it succeeded or failed permanently."""
        return not isinstance(self.result, NotificationFailed) or self.result.is_permanent

    def apply_to(self, delivery: NotificationDelivery, at: datetime) -> NotificationDelivery:
        """Record this attempt in its delivery."""
        if isinstance(self.result, NotificationFailed):
            return delivery.attempt_failed(
                attempt=self.number,
                status_code=self.result.status_code,
                error=self.result.reason,
                is_last=self.is_last,
            )
        return delivery.delivered(attempt=self.number, status_code=self.result, at=at)


class SendNotifications:
    """Runs the jobs that send webhooks and e-mails."""

    def __init__(
        self,
        transactions: TransactionRunner,
        webhook_sender: WebhookSender,
        mailer: Mailer,
        endpoints: Sequence[WebhookEndpoint],
        queues: CommandQueues,
        clock: Clock,
        letters: OrderLetters,
        metrics: Metrics = UNCOUNTED,
    ) -> None:
        self._metrics = metrics
        self._transactions = transactions
        self._webhook_sender = webhook_sender
        self._mailer = mailer
        self._gate = EndpointGate(transactions, clock)
        self._secrets = {each.url: each.secret for each in endpoints}
        self._lookup_queue = queues.queue_for(self._find_deliveries)
        self._attempt_queue = queues.queue_for(self._record)
        self._clock = clock
        self._letters = letters

    async def send_webhook(self, job: Job) -> None:
        """Send a webhook; raise `NotificationFailed` if it has to be retried."""
        await self._send(job, self._send_to_endpoint)

    async def send_email(self, job: Job) -> None:
        """Send an e-mail; raise `NotificationFailed` if it has to be retried."""
        await self._send(job, self._send_to_customer)

    async def _send(self, job: Job, send: Send) -> None:
        delivery, endpoint = await self._lookup_queue.submit(job.id.subject_id)
        if delivery is None or delivery.status is NotificationDeliveryStatus.DELIVERED:
            await self._transactions.write(partial(complete_job, job), retryable=True)
            return
        if endpoint is not None and endpoint.disabled_at is not None:
            await self._attempt_queue.submit(_attempt_not_made(job, delivery))
            return
        if endpoint is not None:
            await self._gate.enter(endpoint)
        result: int | NotificationFailed
        try:
            result = await send(delivery)
        except NotificationFailed as failure:
            result = failure
        attempt = NotificationAttempt(
            job=job, number=delivery.attempts + 1, result=result, endpoint=endpoint
        )
        await self._attempt_queue.submit(attempt)
        if delivery.channel is NotificationChannel.WEBHOOK:
            self._metrics.webhook_answered(attempt.apply_to(delivery, self._clock.now()).status)
        if isinstance(result, NotificationFailed) and not attempt.ends_job:
            raise result

    async def _send_to_endpoint(self, delivery: NotificationDelivery) -> int:
        secret = self._secrets.get(delivery.recipient)
        if secret is None:
            raise NotificationFailed(
                "the endpoint is not in the settings", status_code=None, is_permanent=False
            )
        return await self._webhook_sender.send(
            WebhookRequest(
                id=delivery.id,
                url=delivery.recipient,
                secret=secret,
                payload=delivery.payload,
                sent_at=self._clock.now(),
            )
        )

    async def _send_to_customer(self, delivery: NotificationDelivery) -> int:
        return await self._mailer.send(await self._letters.write(delivery))

    async def _find_deliveries(
        self, ids: Sequence[UUID]
    ) -> Sequence[tuple[NotificationDelivery | None, EndpointStatus | None]]:
        """Return deliveries, each with the status of its endpoint if the settings have it."""

        async def find(
            uow: UnitOfWork,
        ) -> Sequence[tuple[NotificationDelivery | None, EndpointStatus | None]]:
            found = await uow.notification_deliveries.get_many(set(ids))
            urls = {each.recipient for each in found.values()} & self._secrets.keys()
            known = await uow.endpoint_statuses.get_many(urls)
            endpoints = {url: known.get(url) or EndpointStatus.working(url) for url in urls}
            deliveries = [found.get(each) for each in ids]
            return [(each, endpoints.get(each.recipient) if each else None) for each in deliveries]

        return await self._transactions.read(find)

    async def _record(self, attempts: Sequence[NotificationAttempt]) -> Sequence[None]:
        changes = await self._transactions.write(
            partial(self._record_all, attempts), retryable=True, splittable=len(attempts) > 1
        )
        for before, after in changes:
            log_change(before, after)
        return [None] * len(attempts)

    async def _record_all(
        self, attempts: Sequence[NotificationAttempt], uow: UnitOfWork
    ) -> Sequence[tuple[EndpointStatus, EndpointStatus]]:
        """Record attempts; return each endpoint before and after, if it changed."""
        deliveries = dict(
            await uow.notification_deliveries.lock({each.job.id.subject_id for each in attempts})
        )
        now = self._clock.now()
        for attempt in attempts:
            delivery = deliveries.get(attempt.job.id.subject_id)
            if delivery is not None:
                deliveries[delivery.id] = attempt.apply_to(delivery, now)
                uow.notification_deliveries.save(deliveries[delivery.id])
            if attempt.ends_job:
                uow.jobs.remove(attempt.job.id)
        changes = await _record_endpoints(
            uow, [each for each in attempts if each.changes_endpoint], now
        )
        await uow.commit()
        return changes


def _attempt_not_made(job: Job, delivery: NotificationDelivery) -> NotificationAttempt:
    """Return the failure of a delivery to a disabled endpoint, which is no attempt."""
    failure = NotificationFailed(
        "the endpoint is disabled; `shop notifications enable` enables it",
        status_code=delivery.last_status_code,
        is_permanent=True,
    )
    return NotificationAttempt(job=job, number=delivery.attempts, result=failure, endpoint=None)


async def _record_endpoints(
    uow: UnitOfWork, attempts: Sequence[NotificationAttempt], now: datetime
) -> Sequence[tuple[EndpointStatus, EndpointStatus]]:
    known = [each.endpoint for each in attempts if each.endpoint is not None]
    if not known:
        return []
    stored = await uow.endpoint_statuses.lock({each.url for each in known})
    before = {each.url: stored.get(each.url, EndpointStatus.working(each.url)) for each in known}
    after = dict(before)
    for attempt, endpoint in zip(attempts, known, strict=True):
        after[endpoint.url] = status_after(
            after[endpoint.url], attempt.result, known_failures=endpoint.failures, at=now
        )
    for url, status in after.items():
        if url in stored:
            uow.endpoint_statuses.save(status)
        elif not status.is_working:
            uow.endpoint_statuses.add(status)
    return [(before[url], after[url]) for url in sorted(after) if after[url] != before[url]]
