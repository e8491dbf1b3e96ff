"""How long a payment may be pending, and how long the gateway may take to respond."""

from dataclasses import dataclass
from datetime import timedelta

from shop.domain.shared.money import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPolicy:
    """The currency and timeouts of card payments.

    A payment expires after `pending_timeout`. If the gateway does not respond within
    `response_timeout`, a job finds out the outcome.
    """

    currency: Currency
    pending_timeout: timedelta
    response_timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """The payment had no outcome in time."""
