"""Differences: one card payment as the shop's books have it, beside the gateway's.

Both are read in one vocabulary, that of `PaymentStatus`. For each pair of statuses there is one
thing to be done: nothing, a job that brings them together, or something that a person decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shop.application.ports.payment_gateway import Approved, Declined, GatewayPayment
from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.domain.deposit import Deposit
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.money import Money

Status = PaymentStatus | None
"""Where a payment stands in one of the books; None where that does not have it."""

HOLDING_MONEY: frozenset[Status] = frozenset(
    {PaymentStatus.PENDING, PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}
)
EVER_CAPTURED: frozenset[Status] = frozenset({PaymentStatus.CAPTURED, PaymentStatus.REFUNDED})
HOLDING_NOTHING: frozenset[Status] = frozenset({None, *PaymentStatus}) - HOLDING_MONEY

CONSISTENT: Mapping[Status, frozenset[Status]] = {
    PaymentStatus.CAPTURED: frozenset({PaymentStatus.CAPTURED}),
    PaymentStatus.DECLINED: HOLDING_NOTHING,
    PaymentStatus.VOIDED: HOLDING_NOTHING,
    PaymentStatus.REFUNDED: frozenset({PaymentStatus.REFUNDED, PaymentStatus.VOIDED}),
}
"""By where a payment stands here, where it may stand there with nothing left to be done."""

REPAIR_JOBS: Mapping[Status, tuple[JobKind, frozenset[Status]]] = {
    PaymentStatus.PENDING: (
        JobKind.RESOLVE_PAYMENT,
        HOLDING_MONEY | {None, PaymentStatus.DECLINED, PaymentStatus.VOIDED},
    ),
    PaymentStatus.AUTHORISED: (
        JobKind.CAPTURE_PAYMENT,
        frozenset({PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED}),
    ),
    PaymentStatus.DECLINED: (JobKind.REVERSE_PAYMENT, HOLDING_MONEY),
    PaymentStatus.VOIDED: (JobKind.REVERSE_PAYMENT, HOLDING_MONEY),
    PaymentStatus.REFUNDED: (JobKind.REVERSE_PAYMENT, HOLDING_MONEY),
}
"""By where a payment stands here, the job that brings the books together, and from where there."""

DEPOSIT_JOBS: Mapping[JobKind, JobKind] = {
    JobKind.RESOLVE_PAYMENT: JobKind.RESOLVE_DEPOSIT,
    JobKind.CAPTURE_PAYMENT: JobKind.CAPTURE_DEPOSIT,
}
"""What jobs of orders are called where they are a deposit's; others are called alike."""

RETRY_ADVICE = "its job failed permanently: see `shop jobs list --dead`, then run `shop jobs retry`"
ADVICE: Mapping[str, str] = {
    "second-there": "the card was asked twice: void or refund this one at the gateway",
    "amount-differs": "ask the gateway why; what it holds is not what was ordered",
    "refunded-more-than-captured": "ask the gateway why; it gave back more than it had taken",
    "refunded-differs": "refund the rest where less was given back: at the gateway, or here",
}
UNKNOWN_PAYMENT_ADVICE = (
    "it is of no order of ours: restore the order, or give the money back at the gateway"
)
NOT_CAPTURED_ADVICE = (
    "money is missing there: cancel the order, or collect the money in another way"
)
DEPOSIT_NOT_CAPTURED_ADVICE = (
    "money is missing there: ask the gateway, and collect it from the customer"
)
CAPTURE_ADVICE = "the shop took it for captured: capture it at the gateway"
REFUNDED_AT_GATEWAY_ADVICE = (
    "somebody gave it back at the gateway: cancel the order, or ask for it anew"
)
ASK_GATEWAY_ADVICE = "ask the gateway what became of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPayment:
    """A card payment, of an order or a deposit, as the shop has it; and its jobs."""

    reference: UUID
    status: PaymentStatus
    amount: Money
    refunded: Money
    gateway_payment_id: str | None
    is_deposit: bool
    has_refunds: bool
    jobs: Sequence[Job]

    @classmethod
    def for_order(
        cls, payment: Payment, refunds: Sequence[Refund], jobs: Sequence[Job]
    ) -> "RecordedPayment":
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
            gateway_payment_id=None if payment.card is None else payment.card.gateway_payment_id,
            is_deposit=False,
            has_refunds=bool(refunds),
            jobs=jobs,
        )

    @classmethod
    def for_deposit(cls, deposit: Deposit, jobs: Sequence[Job]) -> "RecordedPayment":
        """Return the payment of a deposit."""
        return cls(
            reference=deposit.id,
            status=deposit.status,
            amount=deposit.amount,
            refunded=Money.zero(deposit.amount.currency),
            gateway_payment_id=deposit.gateway_payment_id,
            is_deposit=True,
            has_refunds=False,
            jobs=jobs,
        )

    @property
    def has_live_job(self) -> bool:
        """Whether somebody sees to it: until that is done, the books may differ."""
        return any(not job.is_dead for job in self.jobs)

    def has_dead_job(self, kind: JobKind) -> bool:
        """Tell whether a job of this kind is dead."""
        return any(job.is_dead and job.id.kind is kind for job in self.jobs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """What the books disagree about.

    The job brings them together; where there is none, a person has to, and the advice says how.
    """

    kind: str
    facts: Mapping[str, Fact]
    recorded: RecordedPayment | None
    job: JobKind | None
    advice: str


def gateway_status(gateway_payment: GatewayPayment | None) -> Status:
    """Return where a payment stands in the gateway's books."""
    if gateway_payment is None:
        return None
    if gateway_payment.is_captured:
        is_refunded = gateway_payment.refunded == gateway_payment.amount
        return PaymentStatus.REFUNDED if is_refunded else PaymentStatus.CAPTURED
    if gateway_payment.is_voided:
        return PaymentStatus.VOIDED
    if isinstance(gateway_payment.authorisation_result, Approved):
        return PaymentStatus.AUTHORISED
    is_declined = isinstance(gateway_payment.authorisation_result, Declined)
    return PaymentStatus.DECLINED if is_declined else PaymentStatus.PENDING


def compare(
    recorded: RecordedPayment | None, gateway_payment: GatewayPayment | None
) -> Discrepancy | None:
    """Return what the books disagree about in a payment that one of them has, if anything."""
    if recorded is None or gateway_payment is None:
        return _compare_statuses(recorded, gateway_payment)
    if recorded.gateway_payment_id not in {None, gateway_payment.id}:
        # What came to nothing harms nobody.
        holds_money = gateway_status(gateway_payment) in HOLDING_MONEY
        return (
            _discrepancy("second-there", recorded, gateway_payment, job=None)
            if holds_money
            else None
        )
    if recorded.amount != gateway_payment.amount:
        return _discrepancy("amount-differs", recorded, gateway_payment, job=None)
    if gateway_payment.refunded.amount > (
        gateway_payment.amount.amount if gateway_payment.is_captured else 0
    ):
        return _discrepancy("refunded-more-than-captured", recorded, gateway_payment, job=None)
    statuses = {recorded.status, gateway_status(gateway_payment)}
    if statuses == {PaymentStatus.CAPTURED} or (recorded.has_refunds and statuses <= EVER_CAPTURED):
        differs = recorded.refunded != gateway_payment.refunded
        return (
            _discrepancy("refunded-differs", recorded, gateway_payment, job=None)
            if differs
            else None
        )
    return _compare_statuses(recorded, gateway_payment)


def _compare_statuses(
    recorded: RecordedPayment | None, gateway_payment: GatewayPayment | None
) -> Discrepancy | None:
    recorded_status, status_at_gateway = (
        None if recorded is None else recorded.status,
        gateway_status(gateway_payment),
    )
    if status_at_gateway in CONSISTENT.get(recorded_status, ()):
        return None
    kind = f"{status_at_gateway or 'unknown'}-there-{recorded_status or 'unknown'}-here"
    if recorded is None:
        return _discrepancy("unknown-here", recorded, gateway_payment, job=None)
    if (
        recorded_status not in REPAIR_JOBS
        or status_at_gateway not in REPAIR_JOBS[recorded_status][1]
    ):
        return _discrepancy(kind, recorded, gateway_payment, job=None)
    job, _ = REPAIR_JOBS[recorded_status]
    return _discrepancy(
        kind,
        recorded,
        gateway_payment,
        job=DEPOSIT_JOBS.get(job, job) if recorded.is_deposit else job,
    )


def _discrepancy(
    kind: str,
    recorded: RecordedPayment | None,
    gateway_payment: GatewayPayment | None,
    *,
    job: JobKind | None,
) -> Discrepancy:
    is_job_dead = job is not None and recorded is not None and recorded.has_dead_job(job)
    return Discrepancy(
        kind=kind,
        facts=_facts(recorded, gateway_payment),
        recorded=recorded,
        job=None if is_job_dead else job,
        advice=RETRY_ADVICE
        if is_job_dead
        else ADVICE.get(kind) or _advice(recorded, gateway_status(gateway_payment)),
    )


def _advice(recorded: RecordedPayment | None, status_at_gateway: Status) -> str:
    if recorded is None:
        return UNKNOWN_PAYMENT_ADVICE
    if recorded.status is PaymentStatus.REFUNDED:
        return ASK_GATEWAY_ADVICE
    if status_at_gateway is PaymentStatus.REFUNDED:
        return REFUNDED_AT_GATEWAY_ADVICE
    if recorded.status is PaymentStatus.CAPTURED and status_at_gateway is PaymentStatus.AUTHORISED:
        return CAPTURE_ADVICE
    return DEPOSIT_NOT_CAPTURED_ADVICE if recorded.is_deposit else NOT_CAPTURED_ADVICE


def _facts(
    recorded: RecordedPayment | None, gateway_payment: GatewayPayment | None
) -> Mapping[str, Fact]:
    reference = (
        gateway_payment.reference if recorded is None and gateway_payment is not None else None
    )
    if recorded is not None:
        reference = recorded.reference
    return {
        "reference": None if reference is None else str(reference),
        "payment_id": None if gateway_payment is None else gateway_payment.id,
        "here": None if recorded is None else recorded.status.value,
        "there": gateway_status(gateway_payment),
        "amount_here": None if recorded is None else recorded.amount.amount,
        "amount_there": None if gateway_payment is None else gateway_payment.amount.amount,
        "refunded_there": None if gateway_payment is None else gateway_payment.refunded.amount,
    }
