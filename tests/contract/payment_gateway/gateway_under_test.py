"""A gateway as the contract suite uses it, whatever is behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    GatewayPayment,
    PaymentGateway,
)
from shop.domain.shared.money import Money
from tests.clock import FakeClock
from tests.factories import eur, id_of

IDEMPOTENCY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The tokens of cards that behave in a certain way."""

    approved: str = "tok_visa"
    declined: str = "tok_declined"
    insufficient: str = "tok_insufficient"
    challenged: str = "tok_authenticate"
    slow: str = "tok_slow"
    unknown: str = "tok_unknown"
    timeout_before: str = "tok_timeout_before"
    timeout_after: str = "tok_timeout_after"
    server_error: str = "tok_error"


class CompleteChallenge(Protocol):
    """Does what the customer was asked to do, or fails at it."""

    async def __call__(self, payment_id: str, *, approved: bool) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayUnderTest:
    """An adapter, its cards, the time it goes by, and the customer who takes a step.

    It remembers keys for `IDEMPOTENCY_SECONDS`.
    """

    gateway: PaymentGateway
    clock: FakeClock
    complete_challenge: CompleteChallenge
    cards: Cards = field(default_factory=Cards)

    async def approved(self, name: str = "order", amount: int = 1999) -> str:
        """Have a payment authorised; return its id."""
        verdict = await self.gateway.authorise(
            authorisation_request(name, self.cards.approved, amount=eur(amount))
        )
        assert isinstance(verdict, Approved)
        return verdict.payment_id

    async def captured(self, name: str = "order", amount: int = 1999) -> str:
        """Have a payment captured; return its id."""
        payment_id = await self.approved(name, amount)
        await self.gateway.capture(key=f"{name}:capture", payment_id=payment_id, amount=eur(amount))
        return payment_id

    async def challenged(self, name: str = "order") -> str:
        """Have a payment wait for its customer; return its id."""
        verdict = await self.gateway.authorise(authorisation_request(name, self.cards.challenged))
        assert isinstance(verdict, ActionRequired)
        return verdict.payment_id

    async def payment(self, name: str = "order") -> GatewayPayment:
        """Look the payment of an order up."""
        payment = await self.gateway.find_payment(id_of(name))
        assert payment is not None
        return payment

    async def all_payments(self) -> Sequence[GatewayPayment]:
        """Return all payments that the gateway has recorded."""
        now, years = self.clock.now(), timedelta(days=3650)
        return [each async for each in self.gateway.list_payments(now - years, now + years)]


def authorisation_request(
    name: str, token: str, *, key: str | None = None, amount: Money | None = None
) -> AuthorisationRequest:
    """Return an authorisation request for the order of this name, by default under its own key."""
    return AuthorisationRequest(
        key=f"{name}:auth:1" if key is None else key,
        reference=id_of(name),
        amount=eur(1999) if amount is None else amount,
        token=token,
    )
