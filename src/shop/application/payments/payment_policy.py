"""How long a payment may be pending, how long the gateway may take, and the customers' limits."""

from datetime import datetime, timedelta

from shop.application.payments.customer_limits import CustomerLimits
from shop.application.ports.payment_gateway import ActionRequired, AuthorisationResult
from shop.domain.shared.money import Currency
from shop.domain.shared.value import value

CUSTOMER_POLL_INTERVAL = timedelta(seconds=3)


@value
class PaymentPolicy:
    """The currency of the shop, and how long it waits for card payments.

    A payment that has no outcome expires after `pending_timeout`. If a request does not resolve it
    within `response_timeout`, a job does. If the gateway waits for the customer, the payment
    expires after `action_timeout`, unless it expires earlier.
    """

    currency: Currency
    pending_timeout: timedelta
    response_timeout: timedelta
    action_timeout: timedelta
    limits: CustomerLimits
    allows_guests: bool = False
    """Whether visitors may order by card without signing in."""

    def expires_at(self, begun_at: datetime) -> datetime:
        """Return when a payment expires."""
        return begun_at + self.pending_timeout

    def act_until(self, asked_at: datetime) -> datetime:
        """Return how long the customer has to act for the gateway."""
        return asked_at + self.action_timeout

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


@value
class TimedOut:
    """The gateway reported no outcome before the payment expired."""
