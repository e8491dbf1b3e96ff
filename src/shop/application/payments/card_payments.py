"""Card payments: what is asked of the gateway, under which keys, and what its answers mean.

What for, the gateway is only told by a reference: the id of an order or of a deposit.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from shop.application.payments.gateway_keys import (
    authorisation_key,
    capture_key,
    reversal_key,
    void_key,
)
from shop.application.payments.payment_policy import TimedOut
from shop.application.ports.clock import Clock
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayOutcomeUnknown,
    GatewayPayment,
    GatewayRejected,
    PaymentGateway,
)
from shop.domain.deposit import Deposit
from shop.domain.payment import Payment
from shop.domain.shared.money import Money

_log = logging.getLogger(__name__)


PaymentOutcome = Approved | Declined | TimedOut
"""How a card payment that was pending comes to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPayment:
    """What is asked of a card, since when and until when."""

    reference: UUID
    amount: Money
    token: str = field(repr=False)
    created_at: datetime
    expires_at: datetime

    @classmethod
    def for_order(cls, payment: Payment) -> Self:
        """Return what is asked for an order."""
        return cls(
            reference=payment.order_id,
            amount=payment.amount,
            token=payment.card_details.token,
            created_at=payment.created_at,
            expires_at=payment.card_details.expires_at,
        )

    @classmethod
    def for_deposit(cls, deposit: Deposit) -> Self:
        """Return what is asked for a deposit."""
        return cls(
            reference=deposit.id,
            amount=deposit.amount,
            token=deposit.token,
            created_at=deposit.created_at,
            expires_at=deposit.expires_at,
        )


class CardPayments:
    """Speaks with the gateway; whatever it does may be done again."""

    def __init__(
        self, gateway: PaymentGateway, clock: Clock, idempotency_window: timedelta
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._idempotency_window = idempotency_window

    async def authorise(self, card_payment: CardPayment) -> AuthorisationResult | None:
        """Ask for a payment, or once more for the same one; None where nobody can tell.

        A request that the gateway refuses to look at is declined, unless its books have one for
        the same reference. Where the gateway may have forgotten the key, to ask could charge
        twice: its books are read instead.
        """
        if self._clock.now() - card_payment.created_at >= self._idempotency_window:
            return await self.look_up(card_payment.reference)
        request = AuthorisationRequest(
            key=authorisation_key(card_payment.reference),
            reference=card_payment.reference,
            amount=card_payment.amount,
            token=card_payment.token,
        )
        try:
            authorisation = await self._gateway.authorise(request)
        except GatewayOutcomeUnknown as error:
            _log.warning("the gateway has not answered for %s: %s", card_payment.reference, error)
            return None
        except GatewayRejected as rejection:
            return await self._resolve_rejection(card_payment.reference, rejection.reason)
        if isinstance(authorisation, ActionRequired):
            # A key is answered as it was at first: the step may have been taken since.
            found = await self.look_up(card_payment.reference, authorisation.payment_id)
            return found if isinstance(found, Approved | Declined) else authorisation
        return authorisation

    async def look_up(
        self, reference: UUID, payment_id: str | None = None
    ) -> AuthorisationResult | None:
        """Look into the gateway's books; None where they have no verdict, or cannot be read."""
        try:
            found = await self._gateway.find_payment(reference, payment_id)
        except GatewayOutcomeUnknown as error:
            _log.warning("the gateway's books cannot be read for %s: %s", reference, error)
            return None
        return None if found is None else found.current_result

    async def resolve(
        self, card_payment: CardPayment, authorisation: AuthorisationResult | None
    ) -> PaymentOutcome | None:
        """Find out how a pending payment ends; None where it has not come to that.

        The verdict is that of the books, looked into before the payment was seen pending: they may
        take their time, and also know what a key is answered with an error for.
        """
        has_expired = self._clock.now() >= card_payment.expires_at
        if authorisation is None and not has_expired:
            authorisation = await self.authorise(card_payment)
        if isinstance(authorisation, Approved | Declined):
            return authorisation
        return TimedOut() if has_expired else None

    async def capture(self, reference: UUID, gateway_payment_id: str | None, amount: Money) -> None:
        """Capture a payment; raise `GatewayOutcomeUnknown`, or `GatewayRejected` if it is gone."""
        key = capture_key(reference)
        try:
            await self._gateway.capture(key=key, payment_id=gateway_payment_id or "", amount=amount)
        except (GatewayRejected, GatewayOutcomeUnknown):
            # Perhaps it is taken already: the gateway has forgotten the key, or answers it with an
            # error for as long as it remembers it.
            found = await self._gateway.find_payment(reference, gateway_payment_id)
            if found is None or not found.is_captured:
                raise

    async def reverse(self, reference: UUID, gateway_payment_id: str | None) -> bool:
        """Give back whatever the gateway holds or has taken; tell whether it knew of anything.

        Raise `GatewayOutcomeUnknown`, also where it does not show what it has once answered for, or
        `GatewayRejected` where somebody else was faster.
        """
        found = await self._gateway.find_payment(reference, gateway_payment_id)
        if found is not None:
            await self._void_or_refund(reference, found)
        elif gateway_payment_id is not None:
            raise GatewayOutcomeUnknown(f"{gateway_payment_id} is not in the books")
        return found is not None

    async def _resolve_rejection(self, reference: UUID, reason: str) -> AuthorisationResult | None:
        """Return what a refusal to ask comes to; None where nobody can tell."""
        try:
            found = await self._gateway.find_payment(reference)
        except GatewayOutcomeUnknown as error:
            _log.warning("the gateway's books cannot be read for %s: %s", reference, error)
            return None
        # Asked under the same key in other words, an earlier version of the shop may have paid.
        return Declined(reason=reason) if found is None else found.current_result

    async def _void_or_refund(self, reference: UUID, found: GatewayPayment) -> None:
        if found.is_voided or isinstance(found.authorisation_result, Declined):
            return
        if not found.is_captured:
            await self._gateway.void(key=void_key(reference), payment_id=found.id)
        elif found.refunded < found.amount:
            remaining = found.amount - found.refunded
            await self._gateway.refund(
                key=reversal_key(reference), payment_id=found.id, amount=remaining
            )
