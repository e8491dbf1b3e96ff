"""Port to the payment gateway that charges customers' cards."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import field
from datetime import datetime
from uuid import UUID

from shop.domain.shared.money import Money
from shop.domain.shared.value import value


@value
class AuthorisationRequest:
    """A request to authorise an amount on the card that the token stands for.

    The gateway stores the reference, the id of an order or a deposit, and finds payments by it.
    """

    key: str
    reference: UUID
    amount: Money
    token: str = field(repr=False)


@value
class Approved:
    """The amount is authorised."""

    payment_id: str


@value
class Declined:
    """The card is permanently declined, for a reason such as `insufficient_funds`."""

    reason: str


@value
class ActionRequired:
    """The customer has to authenticate first.

    The customer's browser does that with the `client_secret`, or at the `redirect_url`, if the
    gateway returns one. Such a URL may be a path of the shop. A gateway with a `redirect_url` may
    send no event once the customer is done.
    """

    payment_id: str
    client_secret: str | None = field(default=None, repr=False, compare=False)
    redirect_url: str | None = field(default=None, repr=False, compare=False)


AuthorisationResult = Approved | Declined | ActionRequired


@value
class GatewayPayment:
    """A payment in the gateway's records.

    `authorisation_result` is None if there is none yet. An authorisation is captured once, in
    full, or voided; a captured payment can be refunded in parts.
    """

    id: str
    reference: UUID | None
    amount: Money
    authorisation_result: AuthorisationResult | None
    is_captured: bool
    is_voided: bool
    refunded: Money
    created_at: datetime

    @property
    def current_result(self) -> AuthorisationResult | None:
        """The result as of now; a voided payment counts as declined."""
        return Declined(reason="voided") if self.is_voided else self.authorisation_result


@value
class GatewayEvent:
    """The gateway's webhook event about the payment of a reference.

    Events can be late, repeated or out of order, so the gateway's records decide what happened.
    """

    id: str
    kind: str
    payment_id: str | None
    reference: UUID | None


class PaymentGateway(ABC):
    """Authorises, captures, voids and refunds card payments, and lists them.

    It is never called within a unit of work, so no transaction waits for it.

    Every change has an idempotency key. For `SHOP_GATEWAY_IDEMPOTENCY_SECONDS`, the gateway
    answers a repeated request like the first one, even if the first is still in progress.

    Every method raises `GatewayOutcomeUnknown` after a timeout, a broken connection or a 5xx. The
    change may have happened; repeat it under the same key or call `find_payment` to find out.
    """

    @abstractmethod
    def require_token(self, token: str) -> None:
        """Raise `InvalidValue` for `token` unless it has the form of this gateway's tokens."""

    @abstractmethod
    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Authorise an amount; decline an unknown token as `unknown_token`, without a record."""

    @abstractmethod
    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Capture an authorised amount.

        Raise `GatewayRejected` if it was voided, was captured under another key, or is unknown.
        """

    @abstractmethod
    async def void(self, *, key: str, payment_id: str) -> None:
        """Void an authorisation, or one that waits for the customer; may be repeated.

        Raise `GatewayRejected` if it was captured or declined, or is unknown.
        """

    @abstractmethod
    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Refund part or all of a captured amount.

        Raise `GatewayRejected` if less than that remains.
        """

    @abstractmethod
    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        """Return the payment of a reference; None if the gateway got no request for it.

        Prefers a payment that is not declined, then the newest. Pass the gateway's id if it is
        known: a search by reference alone can be slow.
        """

    @abstractmethod
    def list_payments(self, since: datetime, until: datetime) -> AsyncIterator[GatewayPayment]:
        """Yield the payments created in a range of time, oldest first; excludes its end."""

    async def missing_records(self) -> str | None:
        """Return problem and remedy if this gateway has no records at all, else None.

        That is right only for a shop that has charged no card yet.
        """
        return None

    async def check_records(self) -> None:  # noqa: B027  Most gateways keep them elsewhere.
        """Check the records of a gateway that keeps them itself, in this process.

        Raise `DatabaseUnavailable` if it cannot store payments now. The result may be a few
        seconds old.
        """

    @abstractmethod
    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        """Verify and parse a webhook; header names are in lower case.

        Raise `InvalidGatewayEvent` if the signature is missing or invalid, if its time differs
        by more than five minutes, if the event cannot be read, or if this gateway sends none.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""


class GatewayOutcomeUnknown(Exception):
    """The gateway did not answer; the requested change may have happened."""


class GatewayRejected(Exception):
    """The gateway rejected the request and has changed nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidGatewayEvent(Exception):
    """The webhook is not from the gateway, is not recent, or cannot be read."""
