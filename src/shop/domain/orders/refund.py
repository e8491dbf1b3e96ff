"""Refunds of orders, in full or in part."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.orders.order import Actor
from shop.domain.payment import PaymentMethod
from shop.domain.shared.errors import Conflict, InvalidValue
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Money
from shop.domain.shared.state_machine import StateMachine
from shop.domain.shared.text import is_single_line, require_text
from shop.domain.shared.value import value

GATEWAY_REFUNDED = "refunded"
"""Stored as the gateway's response once it has refunded the card."""


class RefundStatus(StrEnum):
    """The status of a refund."""

    PENDING = "pending"  # A refund to a card that the gateway has not carried out yet.
    SUCCEEDED = "succeeded"  # The money is back on the card or in the account.


REFUND_STATUSES = StateMachine(
    initial=frozenset({RefundStatus.PENDING, RefundStatus.SUCCEEDED}),
    transitions={
        RefundStatus.PENDING: frozenset({RefundStatus.SUCCEEDED}),
        RefundStatus.SUCCEEDED: frozenset(),
    },
)


@value
class RefundRequest:
    """A request to refund an order, in full or in part.

    Lines, and shipping if requested, are refunded at what was paid for them unless there is an
    amount. An amount without lines restocks nothing. With none of the three, everything that
    remains is refunded. Without `to`, the money returns to the method that paid.
    """

    lines: tuple[LineQuantity, ...]
    shipping: bool
    amount: Money | None
    to: PaymentMethod | None
    reason: str
    restock: bool

    def __post_init__(self) -> None:
        rule = f"must be 1 to {MAX_NOTE_CHARACTERS} characters on one line"
        if not 1 <= len(self.reason) <= MAX_NOTE_CHARACTERS:
            raise InvalidValue(field="reason", rule=rule)
        require_text(self.reason, "reason")
        if not is_single_line(self.reason):
            raise InvalidValue(field="reason", rule=rule)
        if self.amount is not None:
            self.amount.require_positive()
        if self.restock and not (self.lines or self.is_for_the_rest):
            raise InvalidValue(field="restock", rule="needs lines: they say what to restock")

    @property
    def is_for_the_rest(self) -> bool:
        """Whether everything that remains is to be refunded."""
        return self.amount is None and not (self.lines or self.shipping)


@value
class RefundLine:
    """A refunded quantity of one product.

    `cancelled_quantity` of it had not been shipped, and never will be. `amount` is the part of the
    refund that is for it, in minor units, and `tax` the tax in that. Refunds from before lines had
    them have neither.
    """

    sku: str
    quantity: int
    cancelled_quantity: int
    amount: int | None = None
    tax: int | None = None


@value
class Refund:
    """A refund, with the id of the transfer that moves the money.

    The refunds of an order are numbered from 1. `gateway_response` is the gateway's last response:
    `refunded`, or the reason of a rejection; None without a response. `shipping_amount` is the part
    of the amount that is for shipping, and `tax` the tax in the amount, in minor units.
    """

    id: UUID
    order_id: UUID
    number: int
    amount: Money
    to: PaymentMethod
    reason: str
    lines: tuple[RefundLine, ...]
    restocked: bool
    status: RefundStatus
    gateway_response: str | None
    actor: Actor
    created_at: datetime
    shipping_amount: int = 0
    tax: int = 0

    def succeeded(self) -> "Refund":
        """Return the refund as carried out; raise `IllegalTransition` if it was before."""
        REFUND_STATUSES.require_transition(self.status, RefundStatus.SUCCEEDED)
        return replace(self, status=RefundStatus.SUCCEEDED, gateway_response=GATEWAY_REFUNDED)

    def failed_attempt(self, reason: str) -> "Refund":
        """Return the refund with the reason why the gateway rejected it; it stays pending."""
        return replace(self, gateway_response=reason)

    def as_requested(self) -> "Refund":
        """Return the refund as it was when it was requested."""
        return replace(self, status=initial_refund_status(self.to), gateway_response=None)


def initial_refund_status(to: PaymentMethod) -> RefundStatus:
    """Return the first status of a refund to this method."""
    return RefundStatus.SUCCEEDED if to.is_immediate else RefundStatus.PENDING


@dataclass(kw_only=True, unsafe_hash=True)
class RefundExceedsPayment(Conflict):
    """More is to be refunded than remains of the payment."""

    requested: Money
    remaining: Money

    code = "refund-exceeds-payment"
    message = "Cannot refund {requested}; only {remaining} of the payment has not been refunded."


class ShippingAlreadyRefunded(Conflict):
    """Shipping is to be refunded after all that was paid for it."""

    code = "shipping-already-refunded"
    message = "The shipping of the order has been refunded already."


class NothingToRefund(Conflict):
    """Nothing was paid for what is to be refunded."""

    code = "nothing-to-refund"
    message = "Nothing was paid for what is to be refunded; adjust the stock if goods come back."


class NotPaidByCard(Conflict):
    """A refund to a card of an order that was not paid by card."""

    code = "not-paid-by-card"
    message = "The order was not paid by card and cannot be refunded to one."
