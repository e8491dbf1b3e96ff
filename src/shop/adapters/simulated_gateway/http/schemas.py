"""JSON documents between a shop and the gateway's process, as both of them read and write them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer

from shop.adapters.simulated_gateway.records import StoredPayment
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import MAX_AMOUNT, Currency, Money

KEY_HEADER = "Idempotency-Key"
MAX_TOKEN_CHARACTERS = 255
MAX_PAGE = 500


def _currency(code: str) -> Currency:
    try:
        return Currency(code)
    except InvalidValue as error:
        raise ValueError(error.rule) from error


MinorUnits = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, examples=[1999])]
CurrencyCode = Annotated[str, AfterValidator(_currency), Field(examples=["EUR"])]
OrderId = Annotated[UUID, Field(strict=False, description="The order or deposit it pays for.")]


PaymentId = Annotated[str, Field(pattern=r"^[!-~]{1,255}$")]
"""Visible ASCII characters, because shops store it."""


class Document(BaseModel):
    """A JSON object. Its values are not converted; unknown members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)


class Empty(Document):
    """An empty object."""


class Amount(Document):
    """An amount in minor units of a currency."""

    amount: MinorUnits
    currency: CurrencyCode

    def to_money(self) -> Money:
        """Return the money."""
        return Money(amount=self.amount, currency=Currency(self.currency))


class Authorisation(Amount):
    """A request to authorise an amount on a card."""

    order_id: OrderId
    token: Annotated[
        str, Field(min_length=1, max_length=MAX_TOKEN_CHARACTERS, examples=["tok_visa"])
    ]

    def to_request(self, key: str) -> AuthorisationRequest:
        """Return the request under its idempotency key."""
        return AuthorisationRequest(
            key=key, reference=self.order_id, amount=self.to_money(), token=self.token
        )


class Authentication(Document):
    """The customer's answer to a challenge."""

    approved: bool


class Result(Document):
    """The result of an authorisation; without any of the flags, there is none yet."""

    id: PaymentId
    authorised: bool
    challenged: Annotated[bool, Field(description="The customer must authenticate first.")]
    declined: bool

    def to_result(self, reason: str | None = None) -> AuthorisationResult | None:
        """Return the result."""
        if self.authorised:
            return Approved(payment_id=self.id)
        if self.challenged:
            return ActionRequired(payment_id=self.id)
        return Declined(reason=reason or "declined") if self.declined else None


class Payment(Result, Amount):
    """A payment in the gateway's records; the card's token is not part of it."""

    order_id: OrderId
    captured: bool
    refunded: MinorUnits
    voided: Annotated[bool, Field(description="Voided after it was authorised.")]
    cancelled: Annotated[bool, Field(description="Voided before it was authorised.")]
    reason: Annotated[str | None, Field(description="Why it was declined.")] = None
    calls: Annotated[int, Field(description="The number of requests to authorise it.")]
    created_at: Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str)]

    @classmethod
    def of(cls, stored: StoredPayment) -> Self:
        """Render a stored payment, which needs no validation."""
        payment = stored.payment
        result = payment.authorisation_result
        is_authorised = isinstance(result, Approved)
        return cls.model_construct(
            id=payment.id,
            order_id=payment.reference,
            amount=payment.amount.amount,
            currency=payment.amount.currency,
            authorised=is_authorised,
            challenged=isinstance(result, ActionRequired),
            declined=isinstance(result, Declined),
            captured=payment.is_captured,
            refunded=payment.refunded.amount,
            voided=payment.is_voided and is_authorised,
            cancelled=payment.is_voided and not is_authorised,
            reason=result.reason if isinstance(result, Declined) else None,
            calls=stored.calls,
            created_at=payment.created_at,
        )

    def to_payment(self) -> GatewayPayment:
        """Return the payment."""
        return GatewayPayment(
            id=self.id,
            reference=self.order_id,
            amount=self.to_money(),
            authorisation_result=self.to_result(self.reason),
            is_captured=self.captured,
            is_voided=self.voided or self.cancelled,
            refunded=Money(amount=self.refunded, currency=Currency(self.currency)),
            created_at=self.created_at,
        )


class PaymentList(Document):
    """Payments, oldest first."""

    items: list[Payment]


class Captured(Document):
    """A payment that was captured."""

    id: str
    captured: bool = True


class Voided(Document):
    """A payment that was voided."""

    id: str
    voided: bool = True


class Refunded(Amount):
    """An amount of a payment that was refunded."""

    id: str


class Health(Document):
    """The gateway is running."""

    status: str = "alive"


class Rejection(Document):
    """The part of a problem that a shop reads."""

    reason: Annotated[str, Field(pattern=r"^[!-~]{1,100}$", examples=["insufficient_funds"])]


class Fault(Document):
    """One fault of an invalid request, and where it is."""

    pointer: Annotated[str, Field(examples=["/amount"])]
    detail: str


class Problem(Rejection):
    """Why a request was rejected or failed (RFC 9457)."""

    type: Annotated[str, Field(examples=["/problems/card-declined"])]
    title: Annotated[str, Field(examples=["Card declined"])]
    status: Annotated[int, Field(examples=[402])]
    detail: Annotated[str, Field(examples=["The card was declined."])]
    errors: list[Fault] | None = None
