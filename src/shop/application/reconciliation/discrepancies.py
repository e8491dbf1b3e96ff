"""Discrepancies between a recorded card payment and the gateway's.

Both sides have a `PaymentStatus`. Each pair of statuses is consistent, has a job that repairs it,
or needs a person's decision.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from shop.application.ports.payment_gateway import Approved, Declined, GatewayPayment
from shop.application.ports.repositories.audit import Fact
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.domain.deposit import Deposit
from shop.domain.orders.refund import Refund
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.money import Money
from shop.domain.shared.value import value

Status = PaymentStatus | None
"""The status on one side; None if that side does not know the payment."""

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
"""The gateway's statuses that need no action, by the recorded status."""

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
"""The job that repairs a discrepancy, and from which gateway statuses, by the recorded status."""

DEPOSIT_JOBS: Mapping[JobKind, JobKind] = {
    JobKind.RESOLVE_PAYMENT: JobKind.RESOLVE_DEPOSIT,
    JobKind.CAPTURE_PAYMENT: JobKind.CAPTURE_DEPOSIT,
}
"""The kinds for deposits that differ from those for orders."""

RETRY_ADVICE = "its job failed permanently: see `shop jobs list --dead`, then run `shop jobs retry`"
ADVICE: Mapping[str, str] = {
    "second-payment-at-gateway": "the card was charged twice: void or refund it at the gateway",
    "amount-differs": "the gateway's amount is not the recorded one: ask the gateway",
    "refunded-more-than-captured": "the gateway refunded more than it captured: ask the gateway",
    "refunded-amount-differs": "refund the missing amount, at the gateway or in the shop",
}
UNKNOWN_PAYMENT_ADVICE = "no matching order: restore the order or refund the payment at the gateway"
NOT_CAPTURED_ADVICE = (
    "the gateway has not captured it: cancel the order or collect the money another way"
)
DEPOSIT_NOT_CAPTURED_ADVICE = (
    "the gateway has not captured it: ask the gateway and collect the money from the customer"
)
CAPTURE_ADVICE = "the shop recorded a capture: capture it at the gateway"
REFUNDED_AT_GATEWAY_ADVICE = (
    "it was refunded at the gateway: cancel the order or collect the money again"
)
ASK_GATEWAY_ADVICE = "ask the gateway what happened to it"


@value
class RecordedPayment:
    """The shop's record of a card payment for an order or deposit, and its jobs."""

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
        """Create the record of an order's payment.

        A refunded payment without refunds was cancelled. Refunds to the account are not counted:
        the gateway only knows refunds to the card.
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
        """Create the record of a deposit."""
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
        """Whether a job is going to change the payment; until then it may differ."""
        return any(not job.is_dead for job in self.jobs)

    def has_dead_job(self, kind: JobKind) -> bool:
        """Check whether a job of this kind is dead."""
        return any(job.is_dead and job.id.kind is kind for job in self.jobs)


@value
class Discrepancy:
    """A difference in one payment, with its repair job or advice for a person."""

    kind: str
    facts: Mapping[str, Fact]
    recorded: RecordedPayment | None
    job: JobKind | None
    advice: str


def gateway_status(gateway_payment: GatewayPayment | None) -> Status:
    """Return the status of a payment in the gateway's records."""
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
    """Compare both sides of a payment; return None if they are consistent."""
    if recorded is None or gateway_payment is None:
        return _compare_statuses(recorded, gateway_payment)
    if recorded.gateway_payment_id not in {None, gateway_payment.id}:
        # A second payment without money needs no action.
        holds_money = gateway_status(gateway_payment) in HOLDING_MONEY
        return (
            _discrepancy("second-payment-at-gateway", recorded, gateway_payment, job=None)
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
            _discrepancy("refunded-amount-differs", recorded, gateway_payment, job=None)
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
    kind = f"gateway-{status_at_gateway or 'unknown'}-shop-{recorded_status or 'unknown'}"
    if recorded is None:
        return _discrepancy("unknown-to-shop", recorded, gateway_payment, job=None)
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
