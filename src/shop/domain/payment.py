"""Payments: how an order is paid, and how far that has come."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shop.domain.money import Money
from shop.domain.status import StatusTable


class PaymentMethod(StrEnum):
    """Where the money comes from."""

    ACCOUNT = "account"
    CARD = "card"


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DECLINED = "declined"
    VOIDED = "voided"
    REFUNDED = "refunded"


PAYMENT_STATUSES = StatusTable(
    begins=frozenset({PaymentStatus.PENDING, PaymentStatus.CAPTURED}),
    follows={
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The payment of an order; from an account it is captured the moment it is made."""

    order_id: UUID
    method: PaymentMethod
    status: PaymentStatus
    amount: Money
    created_at: datetime

    def become(self, status: PaymentStatus) -> "Payment":
        """Return the payment one step further; raise `IllegalTransition` for any other step."""
        PAYMENT_STATUSES.require(self.status, status)
        return replace(self, status=status)
