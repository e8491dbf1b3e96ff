"""The port to the payment gateway: whoever holds the customers' cards to account.

It is asked outside any unit of work: no transaction and no connection waits for it.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shop.domain.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationRequest:
    """A wish to set an amount aside on a card.

    The token stands for the card. The reference is what the money is for: the id of an order or
    of a deposit; the gateway keeps it, and a payment is found by it.
    """

    key: str
    reference: UUID
    amount: Money
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The amount is set aside, under the gateway's own id."""

    payment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The card does not pay, for good; the reason is a word such as `insufficient_funds`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRequired:
    """The customer has to take a step first; until then the payment is neither of the others.

    With the `client_secret`, where the gateway gives one, the customer's browser takes it there.
    """

    payment_id: str
    client_secret: str | None = field(default=None, repr=False, compare=False)


AuthorisationResult = Approved | Declined | ActionRequired


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPayment:
    """A payment as the gateway's books have it.

    `verdict` is None where the gateway has not come to one. An authorisation is captured at most
    once, for all of its amount, or voided; of what was captured, some may have been refunded.
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
        """The verdict as it holds now: what was voided never pays, whatever was said first."""
        return Declined(reason="voided") if self.is_voided else self.authorisation_result


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEvent:
    """What a gateway tells by itself: that something happened to the payment of a reference.

    What exactly is for the gateway's books to say; an event may be late, early, or one of many.
    """

    id: str
    kind: str
    payment_id: str | None
    reference: UUID | None


class PaymentGateway(ABC):
    """Authorises, captures, voids and refunds; and tells what it has done.

    What changes something has a key, which the shop chooses. The gateway remembers keys for a time
    (`SHOP_GATEWAY_IDEMPOTENCY_SECONDS`): the same request under the same key is answered like the
    first and does nothing twice, also while the first is still under way.

    An answer is definite. Where there is none, or one that says nothing (a time-out, a broken
    connection, a 5xx), every method raises `GatewayOutcomeUnknown`: then what was asked happened or
    it did not, and only the same request under the same key, or `look_up`, can tell.
    """

    @abstractmethod
    async def authorise(self, request: AuthorisationRequest) -> AuthorisationResult:
        """Set an amount aside on a card; an unknown token is declined as `unknown_token`."""

    @abstractmethod
    async def capture(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Take what was set aside.

        Raise `GatewayRejected` where it was voided, was captured under another key, or is not
        there.
        """

    @abstractmethod
    async def void(self, *, key: str, payment_id: str) -> None:
        """Give up what was set aside, or end a challenge.

        Raise `GatewayRejected` where it was captured or declined, or is not there. What is voided
        already stays so.
        """

    @abstractmethod
    async def refund(self, *, key: str, payment_id: str, amount: Money) -> None:
        """Give back some of what was captured.

        Raise `GatewayRejected` where less than that is left of it.
        """

    @abstractmethod
    async def find_payment(
        self, reference: UUID, payment_id: str | None = None
    ) -> GatewayPayment | None:
        """Return the payment of a reference; None where no request for it has ever arrived.

        Of several, return the one that is not declined, else the newest. Where the gateway's own id
        is known, it is named: to search by references alone may take long.
        """

    @abstractmethod
    def list_payments(self, since: datetime, until: datetime) -> AsyncIterator[GatewayPayment]:
        """Yield the payments that were made in a span of time, its end excluded; oldest first."""

    @abstractmethod
    def parse_event(self, body: bytes, headers: Mapping[str, str]) -> GatewayEvent:
        """Return what a webhook says, after checking who sent it and when.

        Header names are in lower case. Raise `InvalidGatewayEvent` for a missing, wrong or old
        signature, and where this gateway sends no events.
        """

    @abstractmethod
    async def close(self) -> None:
        """Give back every connection."""


class GatewayOutcomeUnknown(Exception):
    """No definite answer: what was asked may have happened."""


class GatewayRejected(Exception):
    """A definite no: what was asked has not happened and will not. It carries the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidGatewayEvent(Exception):
    """The webhook is not what the gateway sends, or not of this time."""
