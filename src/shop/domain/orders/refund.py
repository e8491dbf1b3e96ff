"""Refunds: money of an order goes back, all of it at once or in parts."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.orders.order import Actor
from shop.domain.orders.shipment import LineQuantity
from shop.domain.payment import PaymentMethod
from shop.domain.shared.errors import Conflict, InvalidValue
from shop.domain.shared.money import Money
from shop.domain.shared.state_machine import StateMachine
from shop.domain.shared.text import is_single_line

GATEWAY_REFUNDED = "refunded"
"""What is kept of a gateway that has paid back."""


class RefundStatus(StrEnum):
    """Where a refund stands: a card's waits for its gateway, an account's is done at once."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"


REFUND_STATUSES = StateMachine(
    initial=frozenset({RefundStatus.PENDING, RefundStatus.SUCCEEDED}),
    transitions={
        RefundStatus.PENDING: frozenset({RefundStatus.SUCCEEDED}),
        RefundStatus.SUCCEEDED: frozenset(),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """What is to be given back of an order, where to, and why.

    Lines are refunded at their price unless an amount is named. An amount without lines concerns
    no goods, and neither of the two is all that is left. Without `to`, money goes back where it
    came from.
    """

    lines: tuple[LineQuantity, ...]
    amount: Money | None
    to: PaymentMethod | None
    reason: str
    restock: bool

    def __post_init__(self) -> None:
        if not 1 <= len(self.reason) <= MAX_NOTE_CHARACTERS or not is_single_line(self.reason):
            rule = f"it has 1 to {MAX_NOTE_CHARACTERS} characters in one line"
            raise InvalidValue(field="reason", rule=rule)
        if self.amount is not None:
            self.amount.require_positive()
            if self.restock and not self.lines:
                raise InvalidValue(field="restock", rule="goods that go back to stock are named")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """So many of one product that were refunded; those kept back had not been shipped by then.

    What is paid back is not sent out any more.
    """

    sku: str
    quantity: int
    cancelled_quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that goes back, under the id of the transfer that moves it.

    The refunds of an order are numbered from 1, in the order in which they were made.
    `outcome` is what the gateway has said to it last: `refunded`, or the word with which it
    refuses; None where it was not asked, or has not answered.
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

    def succeeded(self) -> "Refund":
        """Return the refund once the card has its money; raise `IllegalTransition` if it had."""
        REFUND_STATUSES.require_transition(self.status, RefundStatus.SUCCEEDED)
        return replace(self, status=RefundStatus.SUCCEEDED, gateway_response=GATEWAY_REFUNDED)

    def failed_attempt(self, reason: str) -> "Refund":
        """Return the refund that the gateway refuses; it stays to be made."""
        return replace(self, gateway_response=reason)

    def as_requested(self) -> "Refund":
        """Return the refund as it stood when it was made, whatever became of it since."""
        return replace(self, status=initial_refund_status(self.to), gateway_response=None)


def initial_refund_status(to: PaymentMethod) -> RefundStatus:
    """Return the first status of a refund to this method."""
    return RefundStatus.SUCCEEDED if to.is_immediate else RefundStatus.PENDING


@dataclass(kw_only=True, unsafe_hash=True)
class RefundExceedsPayment(Conflict):
    """More would be refunded than is left of what was paid."""

    requested: Money
    remaining: Money

    code = "refund-exceeds-payment"
    message = "Cannot refund {requested}; only {remaining} of the payment has not been refunded."


class NotPaidByCard(Conflict):
    """The money cannot go to a card: none has paid."""

    code = "not-paid-by-card"
    message = "The order was not paid by card, so that no card can be refunded."
