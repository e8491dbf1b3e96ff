"""The port to the audit: looking for broken invariants in everything that is stored."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus

Fact = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A stored row, or group of rows, that breaks an invariant: what it is, with its figures."""

    rule: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A sentence that is true of every committed state of the shop; numbered as documented.

    What time does to a shop, number 8 tells: it is true wherever somebody does the jobs.
    """

    number: int
    sentence: str


INVARIANTS = (
    Invariant(
        number=1,
        sentence="Every transfer has two accounts and a positive amount, and the ledger sums to 0.",
    ),
    Invariant(
        number=2,
        sentence="A customer's balance is the sum of its transfers and not below its limit.",
    ),
    Invariant(
        number=3,
        sentence="Stock is the sum of its movements, and reserved stock that of open orders.",
    ),
    Invariant(
        number=4,
        sentence="Every paid order has one charge, of the amount of its lines and its payment.",
    ),
    Invariant(
        number=5,
        sentence="No declined, expired or cancelled order holds stock or an unreturned charge.",
    ),
    Invariant(
        number=6,
        sentence="The order that a session tracks is one of its own user.",
    ),
    Invariant(
        number=7,
        sentence="Every key's outcome agrees with its order, and every order with its key.",
    ),
    Invariant(
        number=8,
        sentence="Nothing waits past its time, and whatever has to be done has a job.",
    ),
    Invariant(
        number=10,
        sentence="Orders take only legal steps, each recorded, in order.",
    ),
)

GATEWAY_INVARIANT = Invariant(
    number=9,
    sentence="The gateway has taken what is paid, each once, and holds nothing else.",
)
"""True once all is quiet, of the shop's books beside the gateway's: no port to one of them can
tell."""

ALLOWED_PAYMENT_STATUSES: Mapping[OrderStatus, frozenset[PaymentStatus]] = {
    OrderStatus.PENDING: frozenset({PaymentStatus.PENDING}),
    OrderStatus.PAID: frozenset({PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}),
    OrderStatus.DECLINED: frozenset({PaymentStatus.DECLINED}),
    OrderStatus.EXPIRED: frozenset({PaymentStatus.VOIDED}),
    OrderStatus.CANCELLED: frozenset({PaymentStatus.REFUNDED, PaymentStatus.VOIDED}),
    OrderStatus.SHIPPED: frozenset({PaymentStatus.CAPTURED}),
    OrderStatus.DELIVERED: frozenset({PaymentStatus.CAPTURED}),
    OrderStatus.REFUNDED: frozenset({PaymentStatus.REFUNDED}),
}
"""Where the payment of an order may stand, by where the order stands."""


class Audit(ABC):
    """A look at one consistent state of everything stored, beside whatever goes on."""

    @abstractmethod
    async def violations(self, invariant: Invariant, due_before: datetime) -> Sequence[Violation]:
        """Return what breaks this invariant, at most a hundred of each rule.

        What was due before that moment and is not done is overdue.
        """
