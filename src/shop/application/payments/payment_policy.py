"""How long a payment may be pending, and how long the gateway may take to respond."""

from dataclasses import dataclass
from datetime import timedelta

from shop.domain.shared.money import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPolicy:
    """On what terms the shop is paid.

    A card that says nothing is waited for so long; after a patience, somebody asks again.
    """

    currency: Currency
    pending_timeout: timedelta
    response_timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """Nobody has heard of the card in time."""
