"""Keeps deliveries from endpoints that fail, and shows and enables those for the operator.

All deliveries to an endpoint share its status. While it is paused nothing is sent to it, then one
delivery is, and the result decides for all others.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from shop.application.jobs.retry_policy import RetryLater
from shop.application.ports.clock import Clock
from shop.application.ports.unit_of_work import UnitOfWork
from shop.application.ports.webhook_sender import ENDPOINT_GONE, NotificationFailed
from shop.application.transactions.runner import TransactionRunner
from shop.domain.endpoint import EndpointStatus

PROBE_TIMEOUT = timedelta(seconds=30)
"""The time for the result of a probe: more than a request may take."""

_log = logging.getLogger(__name__)


class EndpointGate:
    """Decides whether a delivery may be sent to its endpoint now."""

    def __init__(self, transactions: TransactionRunner, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock

    async def enter(self, status: EndpointStatus) -> None:
        """Return if the delivery may be sent; raise `RetryLater` while the endpoint is paused."""
        _require_no_pause(status, self._clock.now())
        if status.needs_probe:
            # Not retryable: a second attempt would find the pause of the first.
            await self._transactions.write(partial(self._claim_probe, status), retryable=False)

    async def _claim_probe(self, known: EndpointStatus, uow: UnitOfWork) -> None:
        now = self._clock.now()
        status = (await uow.endpoint_statuses.lock([known.url])).get(known.url, known)
        _require_no_pause(status, now)
        if status.needs_probe:
            uow.endpoint_statuses.save(status.with_probe(now + PROBE_TIMEOUT))
        await uow.commit()


def _require_no_pause(status: EndpointStatus, now: datetime) -> None:
    if status.is_paused(now):
        raise RetryLater(
            "the endpoint is paused", not_after=status.paused_until, not_before=status.paused_until
        )


def status_after(
    status: EndpointStatus, result: int | NotificationFailed, *, known_failures: int, at: datetime
) -> EndpointStatus:
    """Return the status of an endpoint after the result of a request."""
    if not isinstance(result, NotificationFailed):
        return status.succeeded()
    if result.status_code == ENDPOINT_GONE:
        return status.disabled(at)
    return status.failed(at, known_failures=known_failures)


def log_change(before: EndpointStatus, after: EndpointStatus) -> None:
    """Log that an endpoint was disabled or paused, without its query, which may hold a secret."""
    url = urlsplit(after.url)
    endpoint = f"{url.scheme}://{url.netloc}{url.path}"
    if before.disabled_at is None and after.disabled_at is not None:
        _log.error("webhook_endpoint_disabled", extra={"endpoint": endpoint})
    elif before.failures < after.failures and after.paused_until is not None:
        until = after.paused_until.isoformat()
        _log.warning("webhook_endpoint_paused", extra={"endpoint": endpoint, "until": until})


class EndpointService:
    """Lists the endpoints that have failed and enables disabled ones, for the operator."""

    def __init__(self, transactions: TransactionRunner) -> None:
        self._transactions = transactions

    async def list(self) -> Sequence[EndpointStatus]:
        """Return the endpoints whose last request failed, sorted by URL."""
        found = await self._transactions.read(lambda uow: uow.endpoint_statuses.list())
        return [each for each in found if not each.is_working]

    async def enable(self, url: str) -> bool:
        """Send to an endpoint again at once; return whether it had been disabled or paused."""
        return await self._transactions.write(partial(_enable, url), retryable=True)


async def _enable(url: str, uow: UnitOfWork) -> bool:
    status = (await uow.endpoint_statuses.lock([url])).get(url)
    if status is None or status.is_working:
        return False
    uow.endpoint_statuses.save(EndpointStatus.working(url))
    await uow.commit()
    return True
