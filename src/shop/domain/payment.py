"""Payments: how an order is paid, and how far that has come."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.shared.errors import Conflict
from shop.domain.shared.money import Money
from shop.domain.shared.state_machine import StateMachine

MAX_TOKEN_CHARACTERS = 255


class PaymentMethod(StrEnum):
    """Where the money comes from."""

    ACCOUNT = "account"  # the customer's account with the shop (store credit)
    CARD = "card"  # a card, by way of the payment gateway

    @property
    def is_immediate(self) -> bool:
        """Whether the money moves when the order is placed; a card's moves at the gateway."""
        return self is PaymentMethod.ACCOUNT


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    REFUNDED = "refunded"


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
"""Where a payment stands of which the gateway is to hold nothing, whatever it approves later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDetails:
    """What was asked of a card for an order, and what has to be done once it has answered.

    The token stands for the card. `gateway_id` is what the gateway calls the payment, None until
    it has told. Past `expires_at` an order that nobody has answered for is given up. The session
    is the one in which the order was placed; where its cart was ordered, that is emptied.
    """

    token: str = field(repr=False)
    gateway_payment_id: str | None
    expires_at: datetime
    session_id: UUID
    clears_cart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The payment of an order; from an account it is captured the moment it is made."""

    order_id: UUID
    method: PaymentMethod
    status: PaymentStatus
    amount: Money
    card: CardDetails | None
    created_at: datetime

    def transition_to(self, status: PaymentStatus) -> "Payment":
        """Return the payment one step further; raise `IllegalTransition` for any other step."""
        PAYMENT_STATUSES.require_transition(self.status, status)
        return replace(self, status=status)

    def reversed(self) -> "Payment":
        """Return the payment without what was paid, or what was set aside, of it."""
        is_captured = self.status is PaymentStatus.CAPTURED
        return self.transition_to(PaymentStatus.REFUNDED if is_captured else PaymentStatus.VOIDED)

    @property
    def card_details(self) -> CardDetails:
        """What was asked of the card; it is a fault to ask where none was."""
        if self.card is None:
            raise RuntimeError(f"order {self.order_id} is not paid by card")
        return self.card

    def with_gateway_payment_id(self, gateway_payment_id: str) -> "Payment":
        """Return the payment with what the gateway calls it."""
        return replace(self, card=replace(self.card_details, gateway_payment_id=gateway_payment_id))


@dataclass(kw_only=True, unsafe_hash=True)
class CardDeclined(Conflict):
    """The card does not pay; the reason is the gateway's."""

    reason: str

    code = "card-declined"
    message = "The card was declined: {reason}."


class PaymentExpired(Conflict):
    """The card was not heard of in time; nothing was charged."""

    code = "payment-expired"
    message = "The payment was not confirmed in time, and nothing was charged."


class PaymentCancelled(Conflict):
    """The order was cancelled before the card had paid."""

    code = "payment-cancelled"
    message = "The order was cancelled before it was paid."
