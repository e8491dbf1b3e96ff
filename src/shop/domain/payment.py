"""Payments of orders, by account or card."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.shared.errors import Conflict
from shop.domain.shared.money import Money
from shop.domain.shared.state_machine import StateMachine
from shop.domain.shared.value import value

MAX_TOKEN_CHARACTERS = 255


class PaymentMethod(StrEnum):
    """What pays an order; nothing pays one that costs nothing."""

    ACCOUNT = "account"  # The customer's store credit.
    CARD = "card"  # A card, through the payment gateway.
    NONE = "none"  # Nothing: the total is 0.

    @property
    def is_immediate(self) -> bool:
        """Whether the money moves when the order is placed; a card's moves at the gateway."""
        return self is not PaymentMethod.CARD


class PaymentStatus(StrEnum):
    """The state of a payment or deposit."""

    PENDING = "pending"  # The gateway's outcome is unknown.
    AUTHORISED = "authorised"  # The amount is held on the card.
    CAPTURED = "captured"  # The money was taken.
    DECLINED = "declined"  # The gateway or the card declined.
    VOIDED = "voided"  # Expired or cancelled before the capture.
    REFUNDED = "refunded"  # Captured, then refunded in full.


PAYMENT_STATUSES = StateMachine(
    initial=frozenset({PaymentStatus.PENDING, PaymentStatus.CAPTURED}),
    transitions={
        PaymentStatus.PENDING: frozenset(
            {PaymentStatus.AUTHORISED, PaymentStatus.DECLINED, PaymentStatus.VOIDED}
        ),
        PaymentStatus.AUTHORISED: frozenset({PaymentStatus.CAPTURED, PaymentStatus.VOIDED}),
        PaymentStatus.CAPTURED: frozenset({PaymentStatus.REFUNDED}),
        PaymentStatus.DECLINED: frozenset(),
        PaymentStatus.VOIDED: frozenset(),
        PaymentStatus.REFUNDED: frozenset(),
    },
)

NEVER_CHARGED = frozenset({PaymentStatus.DECLINED, PaymentStatus.VOIDED})
"""Statuses in which the gateway must hold nothing, even if it approves later."""


@value
class CardDetails:
    """The card of a payment, and the session to update once it has an outcome.

    `gateway_payment_id` is None until the gateway has responded. After `expires_at`, a pending
    order expires. The session placed the order; if `clears_cart`, its cart was ordered.
    """

    token: str = field(repr=False)
    gateway_payment_id: str | None
    expires_at: datetime
    session_id: UUID
    clears_cart: bool


@value
class Payment:
    """The payment of an order; one by account begins as captured."""

    order_id: UUID
    method: PaymentMethod
    status: PaymentStatus
    amount: Money
    card: CardDetails | None
    created_at: datetime

    def transition_to(self, status: PaymentStatus) -> "Payment":
        """Change the status; raise `IllegalTransition` if that is not allowed."""
        PAYMENT_STATUSES.require_transition(self.status, status)
        return replace(self, status=status)

    def reversed(self) -> "Payment":
        """Refund a captured payment, or void any other."""
        is_captured = self.status is PaymentStatus.CAPTURED
        return self.transition_to(PaymentStatus.REFUNDED if is_captured else PaymentStatus.VOIDED)

    @property
    def card_details(self) -> CardDetails:
        """The card's details; calling this for a payment by account is a bug."""
        if self.card is None:
            raise RuntimeError(f"order {self.order_id} is not paid by card")
        return self.card

    def with_gateway_payment_id(self, gateway_payment_id: str) -> "Payment":
        """Set the gateway's id of the payment."""
        return replace(self, card=replace(self.card_details, gateway_payment_id=gateway_payment_id))


@dataclass(kw_only=True, unsafe_hash=True)
class CardDeclined(Conflict):
    """The card was declined, with the gateway's reason."""

    reason: str

    code = "card-declined"
    message = "The card was declined: {reason}."


class PaymentExpired(Conflict):
    """The payment had no outcome in time; nothing was charged."""

    code = "payment-expired"
    message = "The payment was not confirmed in time, and nothing was charged."


class PaymentCancelled(Conflict):
    """The order was cancelled before the payment was authorised."""

    code = "payment-cancelled"
    message = "The order was cancelled before it was paid."
