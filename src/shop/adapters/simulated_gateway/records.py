"""What the simulated gateway stores: payments and idempotency keys."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from shop.adapters.simulated_gateway.responses import SimulatedResponse
from shop.application.ports.payment_gateway import GatewayPayment
from shop.domain.shared.value import value


@value
class StoredPayment:
    """A payment, and the number of requests to authorise it."""

    payment: GatewayPayment
    calls: int


@value
class StoredKey:
    """The first request under a key and the response to it, which is None while undecided."""

    fingerprint: bytes
    payment_id: str
    response: SimulatedResponse | None
    due_at: datetime
    made_at: datetime


@dataclass(slots=True, kw_only=True)
class GatewayRecords:
    """All records, or those that a group of operations needs. Operations change them in place."""

    payments: dict[str, GatewayPayment] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    keys: dict[str, StoredKey] = field(default_factory=dict)
    new_payment_id: Callable[[], str] = lambda: f"pay_{uuid4().hex}"

    def add_key(
        self,
        key: str,
        fingerprint: bytes,
        payment_id: str,
        response: SimulatedResponse | None,
        now: datetime,
        delay_seconds: float = 0,
    ) -> StoredKey:
        """Store a request under its key with its response, or with the time of its decision."""
        self.keys[key] = StoredKey(
            fingerprint=fingerprint,
            payment_id=payment_id,
            response=response,
            due_at=now + timedelta(seconds=delay_seconds),
            made_at=now,
        )
        return self.keys[key]

    def forget_keys(self, oldest: datetime) -> bool:
        """Remove the keys stored at this time or before; return whether there were any."""
        expired = [key for key, each in self.keys.items() if each.made_at <= oldest]
        for key in expired:
            del self.keys[key]
        return bool(expired)

    def count_call(self, payment_id: str) -> None:
        """Count a request to authorise a payment."""
        if payment_id in self.payments:
            self.calls[payment_id] += 1
