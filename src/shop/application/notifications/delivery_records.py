"""Lists deliveries, sends webhooks again and deletes old records, for the operator."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from shop.application.notifications.events import JOB_KINDS
from shop.application.ports.clock import Clock
from shop.application.ports.paging import Page, PageRequest, TimeCursor
from shop.application.ports.repositories.jobs import Job, JobId, JobKind
from shop.application.ports.repositories.notification_deliveries import NotificationDeliveryFilter
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.transactions.runner import TransactionRunner
from shop.domain.endpoint import DeliveryNotFound
from shop.domain.notification import (
    NotificationChannel,
    NotificationDelivery,
    NotificationDeliveryStatus,
)
from shop.domain.user import Role, User

RETENTION = timedelta(days=30)
"""How long deliveries that are not pending are kept."""

MAX_RETRIED_AT_ONCE = 500


class NotificationDeliveryService:
    """Lists webhook deliveries, sends them again and deletes old ones, for the operator."""

    def __init__(self, transactions: TransactionRunner, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def search(
        self, user: User, status: NotificationDeliveryStatus | None, page: PageRequest[TimeCursor]
    ) -> Page[NotificationDelivery, TimeCursor]:
        """Return a page of webhook deliveries, newest first; may raise `Forbidden`."""
        user.require(Role.ADMIN)
        delivery_filter = NotificationDeliveryFilter(
            channel=NotificationChannel.WEBHOOK, status=status
        )
        return await self._transactions.read(
            lambda uow: uow.notification_deliveries.search(delivery_filter, page)
        )

    async def retry(self, user: User, delivery_id: UUID) -> NotificationDelivery:
        """Send a webhook again now; raise `Forbidden` or `DeliveryNotFound`."""
        user.require(Role.ADMIN)
        found = await self._transactions.write(partial(self._retry, [delivery_id]), retryable=True)
        if not found:
            raise DeliveryNotFound
        return found[0]

    async def retry_failed(self) -> int:
        """Send all failed webhooks again now; return how many."""
        delivery_filter = NotificationDeliveryFilter(
            channel=NotificationChannel.WEBHOOK, status=NotificationDeliveryStatus.FAILED
        )
        page: PageRequest[TimeCursor] | None = PageRequest(limit=MAX_RETRIED_AT_ONCE, after=None)
        total = 0
        # Page by page: one that fails again at once must not be retried for ever.
        while page is not None:
            failed = await self._transactions.read(partial(_search, delivery_filter, page))
            ids = [each.id for each in failed.items]
            if ids:
                retried = await self._transactions.write(partial(self._retry, ids), retryable=True)
                total += len(retried)
            page = (
                None
                if failed.next is None
                else PageRequest(limit=MAX_RETRIED_AT_ONCE, after=failed.next)
            )
        return total

    async def _retry(self, ids: Sequence[UUID], uow: UnitOfWork) -> Sequence[NotificationDelivery]:
        now = self._clock.now()
        found = [
            each.to_be_sent_again()
            for each in (await uow.notification_deliveries.lock(ids)).values()
            if each.channel is NotificationChannel.WEBHOOK
        ]
        endpoints = await uow.endpoint_statuses.lock({each.recipient for each in found})
        for endpoint in endpoints.values():
            uow.endpoint_statuses.save(endpoint.without_pause())
        jobs = await uow.jobs.for_subjects([each.id for each in found])
        await uow.jobs.retry([job.id for each in jobs.values() for job in each], now)
        for each in found:
            uow.notification_deliveries.save(each)
            waiting = [job for job in jobs.get(each.id, ()) if not job.is_dead]
            for job in waiting:
                uow.jobs.reschedule(replace(job, failures=0), now, job.last_error or "")
            # One that exists stays as it is.
            uow.jobs.add(Job.new(JobKind.SEND_WEBHOOK, each.id, at=now, due_at=now))
        await uow.commit()
        return found

    async def purge(self) -> int:
        """Delete deliveries older than 30 days that are not pending; return how many."""
        return await self._transactions.write(self._purge, retryable=True)

    async def _purge(self, uow: UnitOfWork) -> int:
        purged_ids = await uow.notification_deliveries.purge(self._clock.now() - RETENTION)
        for each in purged_ids:
            for kind in JOB_KINDS.values():
                uow.jobs.remove(JobId(kind=kind, subject_id=each))
        await uow.commit()
        return len(purged_ids)


async def _search(
    delivery_filter: NotificationDeliveryFilter, page: PageRequest[TimeCursor], uow: UnitOfWork
) -> Page[NotificationDelivery, TimeCursor]:
    return await uow.notification_deliveries.search(delivery_filter, page)
