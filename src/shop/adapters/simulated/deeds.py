"""The deeds: what a request does to the books, within one transaction, and what is said to it."""

import hashlib
from collections.abc import Callable
from uuid import uuid4

from shop.adapters.simulated.answers import (
    KEY_REUSED,
    NOT_THERE,
    Answer,
    Done,
    Fault,
    Later,
    Refused,
    Said,
    Unanswered,
)
from shop.adapters.simulated.entries import Entries
from shop.adapters.simulated.rules import Decision, Rule, Silence, rule_of
from shop.application.ports.payment_gateway import (
    Approved,
    Authorise,
    Challenged,
    Declined,
    GatewayPayment,
    Verdict,
)
from shop.domain.money import Money

CANCELLED = Declined(reason="cancelled")
"""What a request hears that comes to be decided after the payment was given up."""


def authorise(wish: Authorise, entries: Entries) -> Said:
    """Let a request to authorise arrive; the first one under its key begins a payment."""
    if wish.amount.amount <= 0:
        return Refused(reason="amount_not_positive")
    rule = rule_of(wish.token)
    request = _fingerprint("authorise", wish.reference, wish.amount, wish.token)
    known = entries.key(wish.key)
    if known is None:
        return _begin(wish, request, rule, entries)
    if known.request != request:
        return Refused(reason=KEY_REUSED)
    entries.count_call(known.payment_id)
    if known.answer is not None:
        return known.answer
    left = (known.due_at - entries.now).total_seconds()
    if left > 0:
        return Later(payment_id=known.payment_id, seconds=left)
    return settle(wish, known.payment_id, entries)


def settle(wish: Authorise, payment_id: str, entries: Entries) -> Answer:
    """Decide a payment that has arrived, unless somebody has done so meanwhile."""
    known = entries.key(wish.key)
    if known is not None and known.answer is not None:
        return known.answer
    booked = entries.payment(payment_id)
    if booked is not None and booked.payment.is_voided:
        answer: Answer = CANCELLED
    else:
        rule = rule_of(wish.token)
        verdict = _verdict(payment_id, rule)
        entries.decide(payment_id, verdict)
        answer = _answer(verdict, rule)
    entries.answer(wish.key, answer)
    return answer


def capture(key: str, payment_id: str, amount: Money, entries: Entries) -> Answer:
    """Take all that was set aside, once."""

    def take(payment: GatewayPayment) -> Answer:
        if payment.is_voided:
            return Refused(reason="voided")
        if payment.is_captured:
            return Refused(reason="captured")
        if not isinstance(payment.verdict, Approved):
            return Refused(reason="not_authorised")
        if payment.amount != amount:
            return Refused(reason="amount_differs")
        entries.capture(payment_id)
        return Done()

    return _once(key, _fingerprint("capture", payment_id, amount), payment_id, take, entries)


def void(key: str, payment_id: str, entries: Entries) -> Answer:
    """Give up what was set aside, or what might have been."""

    def give_up(payment: GatewayPayment) -> Answer:
        if payment.is_captured:
            return Refused(reason="captured")
        if isinstance(payment.verdict, Declined):
            return Refused(reason="declined")
        entries.void(payment_id)
        return Done()

    return _once(key, _fingerprint("void", payment_id), payment_id, give_up, entries)


def refund(key: str, payment_id: str, amount: Money, entries: Entries) -> Answer:
    """Give back some of what was captured and has not been given back."""

    def give_back(payment: GatewayPayment) -> Answer:
        if not payment.is_captured:
            return Refused(reason="not_captured")
        if amount.currency != payment.amount.currency:
            return Refused(reason="currency_differs")
        if amount.amount <= 0:
            return Refused(reason="amount_not_positive")
        if payment.amount < payment.refunded + amount:
            return Refused(reason="more_than_is_left")
        entries.refund(payment_id, amount)
        return Done()

    return _once(key, _fingerprint("refund", payment_id, amount), payment_id, give_back, entries)


def authenticate(payment_id: str, *, approved: bool, entries: Entries) -> Verdict | Refused:
    """Let the customer take the step that was asked for; taking it twice alike is one step."""
    booked = entries.payment(payment_id)
    if booked is None:
        return Refused(reason=NOT_THERE)
    payment = booked.payment
    outcome = _outcome(payment_id, approved=approved)
    if payment.is_voided or not isinstance(payment.verdict, Challenged):
        return outcome if payment.verdict == outcome else Refused(reason="not_challenged")
    entries.decide(payment_id, outcome)
    return outcome


def _begin(wish: Authorise, request: bytes, rule: Rule, entries: Entries) -> Said:
    payment_id = f"pay_{uuid4().hex}"
    if rule.silence is Silence.BEFORE or rule.delay_seconds:
        entries.add(payment_id, wish, None)
        entries.remember(wish.key, request, payment_id, None, delay_seconds=rule.delay_seconds)
        if rule.silence is Silence.BEFORE:
            return Unanswered()
        return Later(payment_id=payment_id, seconds=rule.delay_seconds)
    verdict = _verdict(payment_id, rule)
    answer = _answer(verdict, rule)
    entries.add(payment_id, wish, verdict)
    entries.remember(wish.key, request, payment_id, answer)
    return Unanswered() if rule.silence is Silence.AFTER else answer


def _answer(verdict: Verdict, rule: Rule) -> Answer:
    return Fault() if rule.is_faulty else verdict


def _verdict(payment_id: str, rule: Rule) -> Verdict:
    match rule.decision:
        case Decision.APPROVE:
            return Approved(payment_id=payment_id)
        case Decision.DECLINE:
            return Declined(reason=rule.reason or "declined")
        case Decision.CHALLENGE:
            return Challenged(payment_id=payment_id)


def _outcome(payment_id: str, *, approved: bool) -> Verdict:
    if approved:
        return Approved(payment_id=payment_id)
    return Declined(reason="authentication_failed")


def _once(
    key: str,
    request: bytes,
    payment_id: str,
    change: Callable[[GatewayPayment], Answer],
    entries: Entries,
) -> Answer:
    """Make a change, and remember what came of it; or tell what is remembered."""
    known = entries.key(key)
    if known is not None:
        answer = known.answer if known.request == request else None
        return Refused(reason=KEY_REUSED) if answer is None else answer
    booked = entries.payment(payment_id)
    answer = Refused(reason=NOT_THERE) if booked is None else change(booked.payment)
    entries.remember(key, request, payment_id, answer)
    return answer


def _fingerprint(*request: object) -> bytes:
    """Return what tells a request from others, from which nobody reads a token."""
    return hashlib.sha256(repr(request).encode()).digest()
