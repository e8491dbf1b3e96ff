"""What two books can disagree about in one payment, and who brings them together."""

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
from tests.factories import NOW, an_id, eur

PENDING, AUTHORISED, CAPTURED, DECLINED, VOIDED, REFUNDED = PaymentStatus
RESOLVE, CAPTURE, UNDO = JobKind.RESOLVE_PAYMENT, JobKind.CAPTURE_PAYMENT, JobKind.REVERSE_PAYMENT
REFERENCE = an_id("order 1")
ALL: tuple[Status, ...] = (None, *PaymentStatus)

UNDECIDED_THERE = GatewayPayment(
    id="pay_1",
    reference=REFERENCE,
    amount=eur(200),
    authorisation_result=None,
    is_captured=False,
    is_voided=False,
    refunded=eur(0),
    created_at=NOW,
)
APPROVED_THERE = replace(UNDECIDED_THERE, authorisation_result=Approved(payment_id="pay_1"))
CAPTURED_THERE = replace(APPROVED_THERE, is_captured=True)
THERE: dict[Status, GatewayPayment | None] = {
    None: None,
    PENDING: UNDECIDED_THERE,
    AUTHORISED: APPROVED_THERE,
    CAPTURED: CAPTURED_THERE,
    DECLINED: replace(UNDECIDED_THERE, authorisation_result=Declined(reason="declined")),
    VOIDED: replace(APPROVED_THERE, is_voided=True),
    REFUNDED: replace(CAPTURED_THERE, refunded=eur(200)),
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


def ours(
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
def test_where_a_payment_stands_there_is_told_in_our_words(status: Status) -> None:
    assert gateway_status(THERE[status]) == status


def test_a_challenge_is_pending_and_given_up_it_is_void() -> None:
    challenged = replace(UNDECIDED_THERE, authorisation_result=ActionRequired(payment_id="pay_1"))

    assert gateway_status(challenged) is PENDING
    assert gateway_status(replace(challenged, is_voided=True)) is VOIDED


@pytest.mark.parametrize("there", ALL)
@pytest.mark.parametrize("here", PaymentStatus)
def test_each_pair_of_statuses_agrees_or_has_a_remedy(here: PaymentStatus, there: Status) -> None:
    between = compare(ours(here), THERE[there])

    assert (between is None) == ((here, there) in SETTLED)
    if between is not None:
        assert between.kind == f"{there or 'unknown'}-there-{here}-here"
        assert between.job == REMEDIES.get((here, there))
        assert between.advice


def test_a_job_that_was_given_up_is_left_to_the_operator() -> None:
    between = found(ours(AUTHORISED, CAPTURE), APPROVED_THERE)

    assert (between.kind, between.job, between.advice) == (
        "authorised-there-authorised-here",
        None,
        RETRY_ADVICE,
    )
    # Another of its jobs is no obstacle.
    assert found(ours(AUTHORISED, RESOLVE), APPROVED_THERE).job is CAPTURE


@pytest.mark.parametrize(
    ("here", "job"),
    [
        (PENDING, JobKind.RESOLVE_DEPOSIT),
        (AUTHORISED, JobKind.CAPTURE_DEPOSIT),
        (VOIDED, JobKind.REVERSE_PAYMENT),
    ],
)
def test_a_deposit_has_jobs_of_its_own(here: PaymentStatus, job: JobKind) -> None:
    deposit = replace(ours(here), is_deposit=True)

    assert found(deposit, APPROVED_THERE).job is job
    given_up = replace(Job.new(job, REFERENCE, at=NOW, due_at=NOW), is_dead=True)
    assert found(replace(deposit, jobs=[given_up]), APPROVED_THERE).job is None


def test_only_what_has_a_living_job_is_under_way() -> None:
    living = Job.new(UNDO, REFERENCE, at=NOW, due_at=NOW)
    dead = ours(VOIDED, CAPTURE)

    assert not ours(VOIDED).has_live_job
    assert not dead.has_live_job
    assert replace(dead, jobs=[*dead.jobs, living]).has_live_job


def test_a_payment_of_nothing_that_we_know_is_never_in_order() -> None:
    for there in THERE.values():
        if there is not None:
            between = found(None, there)
            assert (between.kind, between.job) == ("unknown-here", None)


def test_a_second_payment_counts_while_it_holds_something() -> None:
    first = ours(CAPTURED, gateway_id="pay_0")

    kinds = {
        there: between.kind
        for there, payment in THERE.items()
        if payment is not None and (between := compare(first, payment)) is not None
    }

    assert kinds == dict.fromkeys((PENDING, AUTHORISED, CAPTURED), "second-there")


@pytest.mark.parametrize("here", PaymentStatus)
def test_another_amount_is_told_before_all_else(here: PaymentStatus) -> None:
    between = found(ours(here), replace(APPROVED_THERE, amount=eur(199)))

    assert (between.kind, between.job) == ("amount-differs", None)
    assert (between.facts["amount_here"], between.facts["amount_there"]) == (200, 199)


def test_a_refund_that_we_do_not_know_of() -> None:
    between = found(ours(CAPTURED), replace(CAPTURED_THERE, refunded=eur(50)))

    assert (between.kind, between.job) == ("refunded-differs", None)
    assert between.facts["refunded_there"] == 50


@pytest.mark.parametrize("there", [CAPTURED_THERE, APPROVED_THERE])
def test_more_refunded_than_was_captured(there: GatewayPayment) -> None:
    excess = there.amount.amount + 1 if there.is_captured else 1

    between = found(ours(CAPTURED), replace(there, refunded=eur(excess)))

    assert (between.kind, between.job) == ("refunded-more-than-captured", None)


def test_the_facts_tell_both_sides() -> None:
    assert found(ours(AUTHORISED), CAPTURED_THERE).facts == {
        "reference": str(REFERENCE),
        "payment_id": "pay_1",
        "here": "authorised",
        "there": "captured",
        "amount_here": 200,
        "amount_there": 200,
        "refunded_there": 0,
    }
