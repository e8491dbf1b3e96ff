"""Port to the integrity audit, which looks for violated invariants."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

from shop.domain.orders.order import OrderStatus
from shop.domain.payment import PaymentStatus
from shop.domain.shared.value import value

Fact = str | int | None


@value
class Violation:
    """A row or group of rows that breaks a rule of an invariant, with its facts."""

    rule: str
    facts: Mapping[str, Fact]


@value
class Invariant:
    """A numbered statement that is true of every committed state of the shop.

    Number 8 also needs a running worker.
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
        sentence="A customer's balance is the sum of its transfers, and not below its minimum.",
    ),
    Invariant(
        number=3,
        sentence="Stock is the sum of its movements; reserved stock is that of pending orders.",
    ),
    Invariant(
        number=4,
        sentence="Every paid order has one charge, which equals its total and its payment.",
    ),
    Invariant(
        number=5,
        sentence="No declined, expired or cancelled order holds stock or a charge.",
    ),
    Invariant(
        number=6,
        sentence="The last order of a session belongs to the session's user.",
    ),
    Invariant(
        number=7,
        sentence="Every idempotency key agrees with its order, and every order with its key.",
    ),
    Invariant(
        number=8,
        sentence="No job or pending payment is overdue, and everything that needs a job has one.",
    ),
    Invariant(
        number=10,
        sentence="Every status change of an order is allowed, and recorded in sequence.",
    ),
    Invariant(
        number=16,
        sentence="An order's total is that of its lines, shipping, discounts and taxes.",
    ),
    Invariant(
        number=17,
        sentence="Uses of promotions are those of orders that have them, within limits.",
    ),
    Invariant(
        number=18,
        sentence="No line, shipping or payment is refunded beyond what was paid for it.",
    ),
    Invariant(
        number=19,
        sentence="Orders keep the names of their products, discounts, taxes and shipping.",
    ),
)

GATEWAY_INVARIANT = Invariant(
    number=9,
    sentence=(
        "Every paid card order was captured exactly once,"
        " and the gateway holds no other authorisations."
    ),
)
"""Compares the ledger with the gateway's records, except payments in progress."""

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
"""The allowed statuses of a payment, by the status of its order."""


class Audit(ABC):
    """Reads one consistent state of the database, also while the shop is in use."""

    @abstractmethod
    async def violations(self, invariant: Invariant, due_before: datetime) -> Sequence[Violation]:
        """Return the violations of an invariant, at most a hundred of each rule.

        A job or payment that was due before `due_before` is overdue.
        """
