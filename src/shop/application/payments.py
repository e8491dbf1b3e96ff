"""Card payments: what is asked of the gateway, under which keys, and what its answers mean.

What for, the gateway is only told by a reference: the id of an order or of a deposit.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    Approved,
    Authorise,
    Challenged,
    Declined,
    GatewayPayment,
    GatewayRefused,
    GatewaySilent,
    PaymentGateway,
    Verdict,
)
from shop.domain.deposit import Deposit
from shop.domain.money import Currency, Money
from shop.domain.payment import Payment

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """On what terms the shop is paid.

    A card that says nothing is waited for so long; after a patience, somebody asks again.
    """

    currency: Currency
    hold: timedelta
    patience: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUp:
    """Nobody has heard of the card in time."""


Ending = Approved | Declined | TimeUp
"""How a card payment that was pending comes to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRequest:
    """What is asked of a card, since when and until when."""

    reference: UUID
    amount: Money
    token: str = field(repr=False)
    since: datetime
    expires_at: datetime

    @classmethod
    def of_order(cls, payment: Payment) -> Self:
        """Return what is asked for an order."""
        return cls(
            reference=payment.order_id,
            amount=payment.amount,
            token=payment.charge.token,
            since=payment.created_at,
            expires_at=payment.charge.expires_at,
        )

    @classmethod
    def of_deposit(cls, deposit: Deposit) -> Self:
        """Return what is asked for a deposit."""
        return cls(
            reference=deposit.id,
            amount=deposit.amount,
            token=deposit.token,
            since=deposit.created_at,
            expires_at=deposit.expires_at,
        )


def authorisation_key(reference: UUID) -> str:
    """Return the key under which a card is asked; what was declined is never asked for again."""
    return f"shop:{reference}:auth:1"


def capture_key(reference: UUID) -> str:
    """Return the key under which money is taken."""
    return f"shop:{reference}:capture"


def void_key(reference: UUID) -> str:
    """Return the key under which an authorisation is given up."""
    return f"shop:{reference}:void"


def undo_key(reference: UUID) -> str:
    """Return the key under which all that was taken is given back."""
    return f"shop:{reference}:undo"


class CardDesk:
    """Speaks with the gateway; whatever it does may be done again."""

    def __init__(self, gateway: PaymentGateway, clock: Clock, key_memory: timedelta) -> None:
        self._gateway = gateway
        self._clock = clock
        self._key_memory = key_memory

    async def ask(self, request: CardRequest) -> Verdict | None:
        """Ask for a payment, or once more for the same one; None where nobody can tell.

        A request that the gateway refuses to look at is declined, unless its books have one for
        the same reference. Where the gateway may have forgotten the key, to ask could charge
        twice: its books are read instead.
        """
        if self._clock.now() - request.since >= self._key_memory:
            return await self.find(request.reference)
        wish = Authorise(
            key=authorisation_key(request.reference),
            reference=request.reference,
            amount=request.amount,
            token=request.token,
        )
        try:
            verdict = await self._gateway.authorise(wish)
        except GatewaySilent as silence:
            _log.warning("the gateway has not answered for %s: %s", request.reference, silence)
            return None
        except GatewayRefused as refusal:
            return await self._refused(request.reference, refusal.reason)
        if isinstance(verdict, Challenged):
            # A key is answered as it was at first: the step may have been taken since.
            found = await self.find(request.reference, verdict.payment_id)
            return found if isinstance(found, Approved | Declined) else verdict
        return verdict

    async def find(self, reference: UUID, payment_id: str | None = None) -> Verdict | None:
        """Look into the gateway's books; None where they have no verdict, or cannot be read."""
        try:
            found = await self._gateway.look_up(reference, payment_id)
        except GatewaySilent as silence:
            _log.warning("the gateway's books cannot be read for %s: %s", reference, silence)
            return None
        return None if found is None else found.answer

    async def ending(self, request: CardRequest, verdict: Verdict | None) -> Ending | None:
        """Find out how a pending payment ends; None where it has not come to that.

        The verdict is that of the books, looked into before the payment was seen pending: they may
        take their time, and also know what a key is answered with an error for.
        """
        is_over = self._clock.now() >= request.expires_at
        if verdict is None and not is_over:
            verdict = await self.ask(request)
        if isinstance(verdict, Approved | Declined):
            return verdict
        return TimeUp() if is_over else None

    async def take(self, reference: UUID, gateway_id: str | None, amount: Money) -> None:
        """Take what was set aside; raise `GatewaySilent`, or `GatewayRefused` where it is gone."""
        key = capture_key(reference)
        try:
            await self._gateway.capture(key=key, payment_id=gateway_id or "", amount=amount)
        except (GatewayRefused, GatewaySilent):
            # Perhaps it is taken already: the gateway has forgotten the key, or answers it with an
            # error for as long as it remembers it.
            found = await self._gateway.look_up(reference, gateway_id)
            if found is None or not found.is_captured:
                raise

    async def undo(self, reference: UUID, gateway_id: str | None) -> bool:
        """Give back whatever the gateway holds or has taken; tell whether it knew of anything.

        Raise `GatewaySilent`, also where it does not show what it has once answered for, or
        `GatewayRefused` where somebody else was faster.
        """
        found = await self._gateway.look_up(reference, gateway_id)
        if found is not None:
            await self._give_back(reference, found)
        elif gateway_id is not None:
            raise GatewaySilent(f"{gateway_id} is not in the books")
        return found is not None

    async def _refused(self, reference: UUID, reason: str) -> Verdict | None:
        """Return what a refusal to ask comes to; None where nobody can tell."""
        try:
            found = await self._gateway.look_up(reference)
        except GatewaySilent as silence:
            _log.warning("the gateway's books cannot be read for %s: %s", reference, silence)
            return None
        # Asked under the same key in other words, an earlier version of the shop may have paid.
        return Declined(reason=reason) if found is None else found.answer

    async def _give_back(self, reference: UUID, found: GatewayPayment) -> None:
        if found.is_voided or isinstance(found.verdict, Declined):
            return
        if not found.is_captured:
            await self._gateway.void(key=void_key(reference), payment_id=found.id)
        elif found.refunded < found.amount:
            rest = found.amount - found.refunded
            await self._gateway.refund(key=undo_key(reference), payment_id=found.id, amount=rest)
