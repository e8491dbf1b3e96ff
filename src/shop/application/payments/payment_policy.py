"""How long a payment may be pending, and how long the gateway may take to respond."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shop.application.ports.payment_gateway import ActionRequired, AuthorisationResult
from shop.domain.shared.money import Currency

CUSTOMER_POLL_INTERVAL = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPolicy:
    """The currency of the shop, and how long it waits for card payments.

    A payment that has no outcome expires after `pending_timeout`. If a request does not resolve it
    within `response_timeout`, a job does.
    """

    currency: Currency
    pending_timeout: timedelta
    response_timeout: timedelta

    def expires_at(self, begun_at: datetime) -> datetime:
        """Return when a payment expires."""
        return begun_at + self.pending_timeout

    def resolve_at(self, begun_at: datetime) -> datetime:
        """Return when a job is due that resolves a payment."""
        return min(begun_at + self.response_timeout, self.expires_at(begun_at))


def retry_at_the_latest(
    authorisation: AuthorisationResult | None, expires_at: datetime, now: datetime
) -> datetime:
    """Return when to look again at a payment that has no outcome.

    A customer at the gateway's own page is waited for, because no event may follow.
    """
    if isinstance(authorisation, ActionRequired) and authorisation.redirect_url is not None:
        return min(now + CUSTOMER_POLL_INTERVAL, expires_at)
    return expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """The gateway reported no outcome before the payment expired."""
