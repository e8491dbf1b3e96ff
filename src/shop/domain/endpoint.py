"""Webhook endpoints: when the shop may send to one that has failed."""

from dataclasses import replace
from datetime import datetime, timedelta

from shop.domain.shared.errors import NotFound
from shop.domain.shared.value import value

MAX_FAILURES_WITHOUT_PAUSE = 5
"""An endpoint may fail as often in a row before the shop pauses."""

FIRST_PAUSE = timedelta(minutes=1)
MAX_PAUSE = timedelta(hours=1)


@value
class EndpointStatus:
    """What the shop knows of a webhook endpoint, for all deliveries to it.

    `failures` counts those in a row. The shop sends nothing before `paused_until`, and nothing to
    a disabled endpoint until an operator enables it.
    """

    url: str
    failures: int
    paused_until: datetime | None
    disabled_at: datetime | None

    @classmethod
    def working(cls, url: str) -> "EndpointStatus":
        """Create the status of an endpoint that has not failed."""
        return cls(url=url, failures=0, paused_until=None, disabled_at=None)

    @property
    def is_working(self) -> bool:
        """Whether nothing is known against the endpoint."""
        return not self.failures and self.disabled_at is None

    def is_paused(self, at: datetime) -> bool:
        """Check whether the shop waits before it sends again."""
        return self.paused_until is not None and at < self.paused_until

    def with_probe(self, until: datetime) -> "EndpointStatus":
        """Let one request through, and pause all others until its result is known."""
        return replace(self, paused_until=until)

    def without_pause(self) -> "EndpointStatus":
        """Let the next request through now."""
        return replace(self, paused_until=None)

    def succeeded(self) -> "EndpointStatus":
        """Forget the failures; a disabled endpoint stays disabled."""
        return replace(self, failures=0, paused_until=None)

    @property
    def needs_probe(self) -> bool:
        """Whether only one request at a time may be sent, because too many have failed."""
        return self.failures >= MAX_FAILURES_WITHOUT_PAUSE

    def failed(self, at: datetime, *, known_failures: int) -> "EndpointStatus":
        """Count a failure; after some in a row, pause for twice as long each time.

        The failures that were known when the request was sent tell requests from before a pause,
        which do not make it longer.
        """
        if self.needs_probe and known_failures < self.failures:
            return self
        failures = self.failures + 1
        doublings = failures - MAX_FAILURES_WITHOUT_PAUSE
        if doublings < 0:
            return replace(self, failures=failures)
        # A larger power would not fit.
        pause: timedelta = min(FIRST_PAUSE * 2 ** min(doublings, 10), MAX_PAUSE)
        return replace(self, failures=failures, paused_until=at + pause)

    def disabled(self, at: datetime) -> "EndpointStatus":
        """Disable an endpoint that is gone; one that is disabled already keeps the time."""
        return replace(self, disabled_at=self.disabled_at or at)


class DeliveryNotFound(NotFound):
    """The webhook delivery does not exist."""

    code = "webhook-delivery-not-found"
    message = "There is no such webhook delivery."
