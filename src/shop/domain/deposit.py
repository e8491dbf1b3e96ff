"""Deposits: money that a customer puts into their account by card."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from shop.domain.payment import PAYMENT_STATUSES, PaymentStatus
from shop.domain.shared.errors import NotFound
from shop.domain.shared.idempotency_key import IdempotencyKey
from shop.domain.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """An amount that a card is asked for. Once it is set aside, a transfer has the same id.

    The token stands for the card. `gateway_id` is what the gateway calls the payment, None until
    it has told. Past `expires_at` a deposit that nobody has answered for is given up.
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
        """Return the deposit one step further; raise `IllegalTransition` for any other step."""
        PAYMENT_STATUSES.require_transition(self.status, status)
        return replace(self, status=status)

    def with_gateway_payment_id(self, gateway_payment_id: str) -> "Deposit":
        """Return the deposit with what the gateway calls its payment."""
        return replace(self, gateway_payment_id=gateway_payment_id)

    def as_credited(self) -> "Deposit":
        """Return the deposit as it stood when the account had it, however far it is since."""
        return replace(self, status=PaymentStatus.AUTHORISED)


class DepositNotFound(NotFound):
    """No such deposit, or not for the one who asks."""

    code = "deposit-not-found"
    message = "There is no such deposit."
