"""Deposits: money that a customer pays into their account by card."""

from dataclasses import field, replace
from datetime import datetime
from uuid import UUID

from shop.domain.payment import PAYMENT_STATUSES, PaymentStatus
from shop.domain.shared.errors import NotFound
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class Deposit:
    """A card payment into an account; once authorised, a transfer has the same id.

    `gateway_payment_id` is None until the gateway has responded. After `expires_at`, a deposit
    without an outcome is voided.
    """

    id: UUID
    account_id: UUID
    idempotency_key: IdempotencyKey
    amount: Money
    status: PaymentStatus
    token: str = field(repr=False)
    gateway_payment_id: str | None
    expires_at: datetime
    created_at: datetime

    @property
    def user_id(self) -> UUID:
        """The customer: the user under whose key the deposit was made."""
        return self.idempotency_key.user_id

    def transition_to(self, status: PaymentStatus) -> "Deposit":
        """Change the status; raise `IllegalTransition` if that is not allowed."""
        PAYMENT_STATUSES.require_transition(self.status, status)
        return replace(self, status=status)

    def with_gateway_payment_id(self, gateway_payment_id: str) -> "Deposit":
        """Set the gateway's id of the payment."""
        return replace(self, gateway_payment_id=gateway_payment_id)

    def as_credited(self) -> "Deposit":
        """Return the deposit as it was when the account was credited, for replays."""
        return replace(self, status=PaymentStatus.AUTHORISED)


class DepositNotFound(NotFound):
    """The deposit does not exist or belongs to another customer."""

    code = "deposit-not-found"
    message = "There is no such deposit."
