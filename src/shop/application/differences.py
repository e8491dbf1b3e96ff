"""Differences: one card payment as the shop's books have it, beside the gateway's.

Both are read in one vocabulary, that of `PaymentStatus`. For each pair of statuses there is one
thing to be done: nothing, a job that brings them together, or something that a person decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.application.ports.audit import Fact
from shop.application.ports.outbox import Job, JobKind
from shop.application.ports.payment_gateway import Approved, Declined, GatewayPayment
from shop.domain.deposit import Deposit
from shop.domain.money import Money
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.refund import Refund

Status = PaymentStatus | None
"""Where a payment stands in one of the books; None where that does not have it."""

HELD: frozenset[Status] = frozenset(
    {PaymentStatus.PENDING, PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}
)
TAKEN: frozenset[Status] = frozenset({PaymentStatus.CAPTURED, PaymentStatus.REFUNDED})
NOTHING_HELD: frozenset[Status] = frozenset({None, *PaymentStatus}) - HELD

AGREEING: Mapping[Status, frozenset[Status]] = {
    PaymentStatus.CAPTURED: frozenset({PaymentStatus.CAPTURED}),
    PaymentStatus.DECLINED: NOTHING_HELD,
    PaymentStatus.VOIDED: NOTHING_HELD,
    PaymentStatus.REFUNDED: frozenset({PaymentStatus.REFUNDED, PaymentStatus.VOIDED}),
}
"""By where a payment stands here, where it may stand there with nothing left to be done."""

SETTLING: Mapping[Status, tuple[JobKind, frozenset[Status]]] = {
    PaymentStatus.PENDING: (
        JobKind.RESOLVE,
        HELD | {None, PaymentStatus.DECLINED, PaymentStatus.VOIDED},
    ),
    PaymentStatus.AUTHORISED: (
        JobKind.CAPTURE,
        frozenset({PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}),
    ),
    PaymentStatus.DECLINED: (JobKind.UNDO, HELD),
    PaymentStatus.VOIDED: (JobKind.UNDO, HELD),
    PaymentStatus.REFUNDED: (JobKind.UNDO, HELD),
}
"""By where a payment stands here, the job that brings the books together, and from where there."""

OF_DEPOSITS: Mapping[JobKind, JobKind] = {
    JobKind.RESOLVE: JobKind.RESOLVE_DEPOSIT,
    JobKind.CAPTURE: JobKind.CAPTURE_DEPOSIT,
}
"""What jobs of orders are called where they are a deposit's; others are called alike."""

REVIVE = "its job was given up: `shop outbox list --dead` tells why, `shop outbox retry` begins it"
ADVICE: Mapping[str, str] = {
    "second-there": "the card was asked twice: void or refund this one at the gateway",
    "amount-differs": "ask the gateway why; what it holds is not what was ordered",
    "refunded-more-than-captured": "ask the gateway why; it gave back more than it had taken",
    "refunded-differs": "refund the rest where less was given back: at the gateway, or here",
}
UNKNOWN_HERE = "it is of no order of ours: restore the order, or give the money back at the gateway"
UNTAKEN_THERE = "money is missing there: cancel the order, or collect the money in another way"
NOT_PAID_IN = "money is missing there: ask the gateway, and collect it from the customer"
CAPTURE_THERE = "the shop took it for captured: capture it at the gateway"
RETURNED_THERE = "somebody gave it back at the gateway: cancel the order, or ask for it anew"
ASK = "ask the gateway what became of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class OurPayment:
    """A card payment, of an order or a deposit, as the shop has it; and its jobs."""

    reference: UUID
    status: PaymentStatus
    amount: Money
    refunded: Money
    gateway_id: str | None
    is_deposit: bool
    has_refunds: bool
    jobs: Sequence[Job]

    @classmethod
    def of_order(
        cls, payment: Payment, refunds: Sequence[Refund], jobs: Sequence[Job]
    ) -> "OurPayment":
        """Return the payment of an order.

        Without refunds, one that is returned was cancelled. With them, some of the money may have
        gone to the account: the gateway knows of what went to the card alone.
        """
        status, refunded = payment.status, Money.zero(payment.amount.currency)
        if refunds:
            to_card = (each.amount for each in refunds if each.to is PaymentMethod.CARD)
            refunded = Money.total(to_card, payment.amount.currency)
            is_all = refunded == payment.amount
            status = PaymentStatus.REFUNDED if is_all else PaymentStatus.CAPTURED
        elif status is PaymentStatus.REFUNDED:
            refunded = payment.amount
        return cls(
            reference=payment.order_id,
            status=status,
            amount=payment.amount,
            refunded=refunded,
            gateway_id=None if payment.card is None else payment.card.gateway_id,
            is_deposit=False,
            has_refunds=bool(refunds),
            jobs=jobs,
        )

    @classmethod
    def of_deposit(cls, deposit: Deposit, jobs: Sequence[Job]) -> "OurPayment":
        """Return the payment of a deposit."""
        return cls(
            reference=deposit.id,
            status=deposit.status,
            amount=deposit.amount,
            refunded=Money.zero(deposit.amount.currency),
            gateway_id=deposit.gateway_id,
            is_deposit=True,
            has_refunds=False,
            jobs=jobs,
        )

    @property
    def is_under_way(self) -> bool:
        """Whether somebody sees to it: until that is done, the books may differ."""
        return any(not job.is_dead for job in self.jobs)

    def was_given_up(self, kind: JobKind) -> bool:
        """Tell whether a job of this kind is dead."""
        return any(job.is_dead and job.id.kind is kind for job in self.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the books disagree about.

    The job brings them together; where there is none, a person has to, and the advice says how.
    """

    kind: str
    facts: Mapping[str, Fact]
    ours: OurPayment | None
    job: JobKind | None
    advice: str


def status_there(found: GatewayPayment | None) -> Status:
    """Return where a payment stands in the gateway's books."""
    if found is None:
        return None
    if found.is_captured:
        is_returned = found.refunded == found.amount
        return PaymentStatus.REFUNDED if is_returned else PaymentStatus.CAPTURED
    if found.is_voided:
        return PaymentStatus.VOIDED
    if isinstance(found.verdict, Approved):
        return PaymentStatus.AUTHORISED
    is_declined = isinstance(found.verdict, Declined)
    return PaymentStatus.DECLINED if is_declined else PaymentStatus.PENDING


def difference(ours: OurPayment | None, found: GatewayPayment | None) -> Difference | None:
    """Return what the books disagree about in a payment that one of them has, if anything."""
    if ours is None or found is None:
        return _by_status(ours, found)
    if ours.gateway_id not in {None, found.id}:
        # What came to nothing harms nobody.
        is_held = status_there(found) in HELD
        return _told("second-there", ours, found, job=None) if is_held else None
    if ours.amount != found.amount:
        return _told("amount-differs", ours, found, job=None)
    if found.refunded.amount > (found.amount.amount if found.is_captured else 0):
        return _told("refunded-more-than-captured", ours, found, job=None)
    statuses = {ours.status, status_there(found)}
    if statuses == {PaymentStatus.CAPTURED} or (ours.has_refunds and statuses <= TAKEN):
        differs = ours.refunded != found.refunded
        return _told("refunded-differs", ours, found, job=None) if differs else None
    return _by_status(ours, found)


def _by_status(ours: OurPayment | None, found: GatewayPayment | None) -> Difference | None:
    here, there = None if ours is None else ours.status, status_there(found)
    if there in AGREEING.get(here, ()):
        return None
    kind = f"{there or 'unknown'}-there-{here or 'unknown'}-here"
    if ours is None:
        return _told("unknown-here", ours, found, job=None)
    if here not in SETTLING or there not in SETTLING[here][1]:
        return _told(kind, ours, found, job=None)
    job, _ = SETTLING[here]
    return _told(kind, ours, found, job=OF_DEPOSITS.get(job, job) if ours.is_deposit else job)


def _told(
    kind: str, ours: OurPayment | None, found: GatewayPayment | None, *, job: JobKind | None
) -> Difference:
    given_up = job is not None and ours is not None and ours.was_given_up(job)
    return Difference(
        kind=kind,
        facts=_facts(ours, found),
        ours=ours,
        job=None if given_up else job,
        advice=REVIVE if given_up else ADVICE.get(kind) or _advice(ours, status_there(found)),
    )


def _advice(ours: OurPayment | None, there: Status) -> str:
    if ours is None:
        return UNKNOWN_HERE
    if ours.status is PaymentStatus.REFUNDED:
        return ASK
    if there is PaymentStatus.REFUNDED:
        return RETURNED_THERE
    if ours.status is PaymentStatus.CAPTURED and there is PaymentStatus.AUTHORISED:
        return CAPTURE_THERE
    return NOT_PAID_IN if ours.is_deposit else UNTAKEN_THERE


def _facts(ours: OurPayment | None, found: GatewayPayment | None) -> Mapping[str, Fact]:
    reference = found.reference if ours is None and found is not None else None
    if ours is not None:
        reference = ours.reference
    return {
        "reference": None if reference is None else str(reference),
        "payment_id": None if found is None else found.id,
        "here": None if ours is None else ours.status.value,
        "there": status_there(found),
        "amount_here": None if ours is None else ours.amount.amount,
        "amount_there": None if found is None else found.amount.amount,
        "refunded_there": None if found is None else found.refunded.amount,
    }
