"""Authorises, captures and reverses card payments at the gateway."""

import logging
from dataclasses import field
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
from shop.domain.shared.card_numbers import contains_card_number
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.value import value

_log = logging.getLogger(__name__)


PaymentOutcome = Approved | Declined | TimedOut
"""The final outcome of a pending card payment."""


@value
class CardPayment:
    """A pending card payment; the reference is the id of an order or a deposit."""

    reference: UUID
    amount: Money
    token: str = field(repr=False)
    created_at: datetime
    expires_at: datetime

    @classmethod
    def for_order(cls, payment: Payment) -> Self:
        """Create the card payment of an order."""
        return cls(
            reference=payment.order_id,
            amount=payment.amount,
            token=payment.card_details.token,
            created_at=payment.created_at,
            expires_at=payment.card_details.expires_at,
        )

    @classmethod
    def for_deposit(cls, deposit: Deposit) -> Self:
        """Create the card payment of a deposit."""
        return cls(
            reference=deposit.id,
            amount=deposit.amount,
            token=deposit.token,
            created_at=deposit.created_at,
            expires_at=deposit.expires_at,
        )


class CardPayments:
    """Authorises, captures and reverses card payments; every call may be repeated."""

    def __init__(
        self, gateway: PaymentGateway, clock: Clock, idempotency_window: timedelta
    ) -> None:
        self._gateway = gateway
        self._clock = clock
        self._idempotency_window = idempotency_window

    def require_token(self, token: str) -> None:
        """Raise `InvalidValue` for a text that is no token, above all for a card number."""
        if contains_card_number(token):
            rule = "must be a token of the payment gateway, never a card number"
            raise InvalidValue(field="token", rule=rule)
        self._gateway.require_token(token)

    async def authorise(self, card_payment: CardPayment) -> AuthorisationResult | None:
        """Authorise a payment, also repeatedly; None if the outcome is unknown.

        A request that the gateway rejects is declined, unless its records have a payment.
        """
        # The gateway may have forgotten the key, so another request could charge twice.
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
            self._log_failure("authorisation_outcome_unknown", card_payment.reference, error)
            return None
        except GatewayRejected as rejection:
            return await self._resolve_rejection(card_payment.reference, rejection.reason)
        if isinstance(authorisation, ActionRequired):
            # The gateway repeats its first response, but the customer may have authenticated since.
            found = await self.look_up(card_payment.reference, authorisation.payment_id)
            return found if isinstance(found, Approved | Declined) else authorisation
        return authorisation

    async def look_up(
        self, reference: UUID, payment_id: str | None = None
    ) -> AuthorisationResult | None:
        """Return the result in the gateway's records; None if there is none, or no answer."""
        try:
            found = await self._gateway.find_payment(reference, payment_id)
        except GatewayOutcomeUnknown as error:
            self._log_failure("gateway_lookup_failed", reference, error)
            return None
        return None if found is None else found.current_result

    async def resolve(
        self, card_payment: CardPayment, authorisation: AuthorisationResult | None
    ) -> PaymentOutcome | None:
        """Return the outcome of a pending payment; None if it has none yet.

        The caller has looked up `authorisation` before it read the payment as pending. The records
        also have payments for which the gateway answers their key with an error.
        """
        has_expired = self._clock.now() >= card_payment.expires_at
        if authorisation is None and not has_expired:
            authorisation = await self.authorise(card_payment)
        if isinstance(authorisation, Approved | Declined):
            return authorisation
        return TimedOut() if has_expired else None

    async def capture(self, reference: UUID, gateway_payment_id: str | None, amount: Money) -> None:
        """Capture a payment; raise `GatewayOutcomeUnknown` or `GatewayRejected`."""
        key = capture_key(reference)
        try:
            await self._gateway.capture(key=key, payment_id=gateway_payment_id or "", amount=amount)
        except (GatewayRejected, GatewayOutcomeUnknown):
            # It may be captured already: the gateway may have forgotten the key, or have stored an
            # error under it.
            found = await self._gateway.find_payment(reference, gateway_payment_id)
            if found is None or not found.is_captured:
                raise

    async def reverse(self, reference: UUID, gateway_payment_id: str | None) -> bool:
        """Void or refund a payment; return whether the gateway knew it.

        Raise `GatewayRejected` if the payment changed at the same time, `GatewayOutcomeUnknown`
        also if the gateway does not find a payment that it has returned before.
        """
        found = await self._gateway.find_payment(reference, gateway_payment_id)
        if found is not None:
            await self._void_or_refund(reference, found)
        elif gateway_payment_id is not None:
            raise GatewayOutcomeUnknown(f"the gateway does not find {gateway_payment_id}")
        return found is not None

    async def _resolve_rejection(self, reference: UUID, reason: str) -> AuthorisationResult | None:
        """Return the result of a rejected request; None if it is unknown."""
        try:
            found = await self._gateway.find_payment(reference)
        except GatewayOutcomeUnknown as error:
            self._log_failure("gateway_lookup_failed", reference, error)
            return None
        # An earlier version of the shop may have sent another request under the same key.
        return Declined(reason=reason) if found is None else found.current_result

    @staticmethod
    def _log_failure(event: str, reference: UUID, error: GatewayOutcomeUnknown) -> None:
        # The payment stays pending, and a job or the next request looks it up.
        _log.warning(event, extra={"reference": str(reference), "error": str(error)})

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
