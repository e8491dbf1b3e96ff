"""Discrepancies between the shop and the gateway about one payment, and their remedies."""

from dataclasses import replace
from itertools import product

import pytest

from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    Declined,
    GatewayPayment,
)
from shop.application.ports.repositories.jobs import Job, JobKind
from shop.application.reconciliation.discrepancies import (
    RETRY_ADVICE,
    Discrepancy,
    RecordedPayment,
    Status,
    compare,
    gateway_status,
)
from shop.domain.payment import PaymentStatus
from tests.factories import NOW, eur, id_of

PENDING, AUTHORISED, CAPTURED, DECLINED, VOIDED, REFUNDED = PaymentStatus
RESOLVE, CAPTURE, UNDO = JobKind.RESOLVE_PAYMENT, JobKind.CAPTURE_PAYMENT, JobKind.REVERSE_PAYMENT
REFERENCE = id_of("order 1")
ALL: tuple[Status, ...] = (None, *PaymentStatus)

UNDECIDED_AT_GATEWAY = GatewayPayment(
    id="pay_1",
    reference=REFERENCE,
    amount=eur(200),
    authorisation_result=None,
    is_captured=False,
    is_voided=False,
    refunded=eur(0),
    created_at=NOW,
)
APPROVED_AT_GATEWAY = replace(
    UNDECIDED_AT_GATEWAY, authorisation_result=Approved(payment_id="pay_1")
)
CAPTURED_AT_GATEWAY = replace(APPROVED_AT_GATEWAY, is_captured=True)
GATEWAY_PAYMENT: dict[Status, GatewayPayment | None] = {
    None: None,
    PENDING: UNDECIDED_AT_GATEWAY,
    AUTHORISED: APPROVED_AT_GATEWAY,
    CAPTURED: CAPTURED_AT_GATEWAY,
    DECLINED: replace(UNDECIDED_AT_GATEWAY, authorisation_result=Declined(reason="declined")),
    VOIDED: replace(APPROVED_AT_GATEWAY, is_voided=True),
    REFUNDED: replace(CAPTURED_AT_GATEWAY, refunded=eur(200)),
}

SETTLED: set[tuple[Status, Status]] = {
    (CAPTURED, CAPTURED),
    *product((DECLINED, VOIDED), (None, DECLINED, VOIDED, REFUNDED)),
    *product((REFUNDED,), (VOIDED, REFUNDED)),
}
REMEDIES: dict[tuple[Status, Status], JobKind] = {
    **{(PENDING, there): RESOLVE for there in ALL if there is not REFUNDED},
    **{(AUTHORISED, there): CAPTURE for there in (AUTHORISED, CAPTURED)},
    **{
        (here, there): UNDO
        for here in (DECLINED, VOIDED, REFUNDED)
        for there in (PENDING, AUTHORISED, CAPTURED)
    },
}


def recorded_payment(
    status: PaymentStatus, *dead: JobKind, gateway_id: str | None = "pay_1"
) -> RecordedPayment:
    return RecordedPayment(
        reference=REFERENCE,
        status=status,
        amount=eur(200),
        refunded=eur(200 if status is REFUNDED else 0),
        gateway_payment_id=gateway_id,
        has_refunds=False,
        is_deposit=False,
        jobs=[replace(Job.new(kind, REFERENCE, at=NOW, due_at=NOW), is_dead=True) for kind in dead],
    )


def found(ours: RecordedPayment | None, there: GatewayPayment | None) -> Discrepancy:
    between = compare(ours, there)
    assert between is not None
    return between


@pytest.mark.parametrize("status", ALL)
def test_gateway_status_is_named_in_the_words_of_the_shop(status: Status) -> None:
    assert gateway_status(GATEWAY_PAYMENT[status]) == status


def test_challenged_payment_is_pending_and_voided_after_a_void() -> None:
    challenged = replace(
        UNDECIDED_AT_GATEWAY, authorisation_result=ActionRequired(payment_id="pay_1")
    )

    assert gateway_status(challenged) is PENDING
    assert gateway_status(replace(challenged, is_voided=True)) is VOIDED


@pytest.mark.parametrize("there", ALL)
@pytest.mark.parametrize("here", PaymentStatus)
def test_each_pair_of_statuses_is_consistent_or_has_a_remedy(
    here: PaymentStatus, there: Status
) -> None:
    between = compare(recorded_payment(here), GATEWAY_PAYMENT[there])

    assert (between is None) == ((here, there) in SETTLED)
    if between is not None:
        assert between.kind == f"gateway-{there or 'unknown'}-shop-{here}"
        assert between.job == REMEDIES.get((here, there))
        assert between.advice


def test_dead_job_is_left_to_the_operator() -> None:
    between = found(recorded_payment(AUTHORISED, CAPTURE), APPROVED_AT_GATEWAY)

    assert (between.kind, between.job, between.advice) == (
        "gateway-authorised-shop-authorised",
        None,
        RETRY_ADVICE,
    )
    # Another of its jobs is no obstacle.
    assert found(recorded_payment(AUTHORISED, RESOLVE), APPROVED_AT_GATEWAY).job is CAPTURE


@pytest.mark.parametrize(
    ("here", "job"),
    [
        (PENDING, JobKind.RESOLVE_DEPOSIT),
        (AUTHORISED, JobKind.CAPTURE_DEPOSIT),
        (VOIDED, JobKind.REVERSE_PAYMENT),
    ],
)
def test_deposit_has_its_own_job_kinds(here: PaymentStatus, job: JobKind) -> None:
    deposit = replace(recorded_payment(here), is_deposit=True)

    assert found(deposit, APPROVED_AT_GATEWAY).job is job
    given_up = replace(Job.new(job, REFERENCE, at=NOW, due_at=NOW), is_dead=True)
    assert found(replace(deposit, jobs=[given_up]), APPROVED_AT_GATEWAY).job is None


def test_only_payments_with_a_live_job_are_in_progress() -> None:
    living = Job.new(UNDO, REFERENCE, at=NOW, due_at=NOW)
    dead = recorded_payment(VOIDED, CAPTURE)

    assert not recorded_payment(VOIDED).has_live_job
    assert not dead.has_live_job
    assert replace(dead, jobs=[*dead.jobs, living]).has_live_job


def test_payment_unknown_to_the_shop_is_always_a_discrepancy() -> None:
    for there in GATEWAY_PAYMENT.values():
        if there is not None:
            between = found(None, there)
            assert (between.kind, between.job) == ("unknown-to-shop", None)


def test_second_payment_is_a_discrepancy_while_it_holds_money() -> None:
    first = recorded_payment(CAPTURED, gateway_id="pay_0")

    kinds = {
        there: between.kind
        for there, payment in GATEWAY_PAYMENT.items()
        if payment is not None and (between := compare(first, payment)) is not None
    }

    assert kinds == dict.fromkeys((PENDING, AUTHORISED, CAPTURED), "second-payment-at-gateway")


@pytest.mark.parametrize("here", PaymentStatus)
def test_different_amount_is_reported_before_anything_else(here: PaymentStatus) -> None:
    between = found(recorded_payment(here), replace(APPROVED_AT_GATEWAY, amount=eur(199)))

    assert (between.kind, between.job) == ("amount-differs", None)
    assert (between.facts["amount_here"], between.facts["amount_there"]) == (200, 199)


def test_unknown_refund_is_a_discrepancy() -> None:
    between = found(recorded_payment(CAPTURED), replace(CAPTURED_AT_GATEWAY, refunded=eur(50)))

    assert (between.kind, between.job) == ("refunded-amount-differs", None)
    assert between.facts["refunded_there"] == 50


@pytest.mark.parametrize("there", [CAPTURED_AT_GATEWAY, APPROVED_AT_GATEWAY])
def test_refund_beyond_the_captured_amount_is_a_discrepancy(there: GatewayPayment) -> None:
    excess = there.amount.amount + 1 if there.is_captured else 1

    between = found(recorded_payment(CAPTURED), replace(there, refunded=eur(excess)))

    assert (between.kind, between.job) == ("refunded-more-than-captured", None)


def test_discrepancy_describes_both_sides() -> None:
    assert found(recorded_payment(AUTHORISED), CAPTURED_AT_GATEWAY).facts == {
        "reference": str(REFERENCE),
        "payment_id": "pay_1",
        "here": "authorised",
        "there": "captured",
        "amount_here": 200,
        "amount_there": 200,
        "refunded_there": 0,
    }
