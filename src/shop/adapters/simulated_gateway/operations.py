"""The deeds: what a request does to the books, within one transaction, and what is said to it."""

import hashlib
from collections.abc import Callable
from uuid import uuid4

from shop.adapters.simulated_gateway.card_behaviour import (
    CardBehaviour,
    Decision,
    Timeout,
    behaviour_of,
)
from shop.adapters.simulated_gateway.responses import (
    KEY_REUSED,
    NOT_FOUND,
    DelayedResponse,
    Failed,
    FirstResponse,
    NoResponse,
    ServerError,
    SimulatedResponse,
    Succeeded,
)
from shop.adapters.simulated_gateway.store.rows import PaymentRows
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)
from shop.domain.shared.money import Money

CANCELLED_RESULT = Declined(reason="cancelled")
"""What a request hears that comes to be decided after the payment was given up."""


def authorise(request: AuthorisationRequest, rows: PaymentRows) -> FirstResponse:
    """Let a request to authorise arrive; the first one under its key begins a payment."""
    if request.amount.amount <= 0:
        return Failed(reason="amount_not_positive")
    behaviour = behaviour_of(request.token)
    fingerprint = _fingerprint("authorise", request.reference, request.amount, request.token)
    known = rows.key(request.key)
    if known is None:
        return _create_payment(request, fingerprint, behaviour, rows)
    if known.fingerprint != fingerprint:
        return Failed(reason=KEY_REUSED)
    rows.count_call(known.payment_id)
    if known.response is not None:
        return known.response
    remaining_seconds = (known.due_at - rows.now).total_seconds()
    if remaining_seconds > 0:
        return DelayedResponse(payment_id=known.payment_id, seconds=remaining_seconds)
    return decide(request, known.payment_id, rows)


def decide(request: AuthorisationRequest, payment_id: str, rows: PaymentRows) -> SimulatedResponse:
    """Decide a payment that has arrived, unless somebody has done so meanwhile."""
    known = rows.key(request.key)
    if known is not None and known.response is not None:
        return known.response
    stored = rows.payment(payment_id)
    if stored is not None and stored.payment.is_voided:
        response: SimulatedResponse = CANCELLED_RESULT
    else:
        behaviour = behaviour_of(request.token)
        result = _result(payment_id, behaviour)
        rows.set_result(payment_id, result)
        response = _response(result, behaviour)
    rows.set_response(request.key, response)
    return response


def capture(key: str, payment_id: str, amount: Money, rows: PaymentRows) -> SimulatedResponse:
    """Take all that was set aside, once."""

    def take(payment: GatewayPayment) -> SimulatedResponse:
        if payment.is_voided:
            return Failed(reason="voided")
        if payment.is_captured:
            return Failed(reason="captured")
        if not isinstance(payment.authorisation_result, Approved):
            return Failed(reason="not_authorised")
        if payment.amount != amount:
            return Failed(reason="amount_differs")
        rows.capture(payment_id)
        return Succeeded()

    return _once(key, _fingerprint("capture", payment_id, amount), payment_id, take, rows)


def void(key: str, payment_id: str, rows: PaymentRows) -> SimulatedResponse:
    """Give up what was set aside, or what might have been."""

    def give_up(payment: GatewayPayment) -> SimulatedResponse:
        if payment.is_captured:
            return Failed(reason="captured")
        if isinstance(payment.authorisation_result, Declined):
            return Failed(reason="declined")
        rows.void(payment_id)
        return Succeeded()

    return _once(key, _fingerprint("void", payment_id), payment_id, give_up, rows)


def refund(key: str, payment_id: str, amount: Money, rows: PaymentRows) -> SimulatedResponse:
    """Give back some of what was captured and has not been given back."""

    def give_back(payment: GatewayPayment) -> SimulatedResponse:
        if not payment.is_captured:
            return Failed(reason="not_captured")
        if amount.currency != payment.amount.currency:
            return Failed(reason="currency_differs")
        if amount.amount <= 0:
            return Failed(reason="amount_not_positive")
        if payment.amount < payment.refunded + amount:
            return Failed(reason="more_than_is_left")
        rows.refund(payment_id, amount)
        return Succeeded()

    return _once(key, _fingerprint("refund", payment_id, amount), payment_id, give_back, rows)


def authenticate(
    payment_id: str, *, approved: bool, rows: PaymentRows
) -> AuthorisationResult | Failed:
    """Let the customer take the step that was asked for; taking it twice alike is one step."""
    stored = rows.payment(payment_id)
    if stored is None:
        return Failed(reason=NOT_FOUND)
    payment = stored.payment
    result = _result_of_action(payment_id, approved=approved)
    if payment.is_voided or not isinstance(payment.authorisation_result, ActionRequired):
        return result if payment.authorisation_result == result else Failed(reason="not_challenged")
    rows.set_result(payment_id, result)
    return result


def _create_payment(
    request: AuthorisationRequest, fingerprint: bytes, behaviour: CardBehaviour, rows: PaymentRows
) -> FirstResponse:
    payment_id = f"pay_{uuid4().hex}"
    if behaviour.timeout is Timeout.BEFORE or behaviour.delay_seconds:
        rows.add_payment(payment_id, request, None)
        rows.add_key(
            request.key, fingerprint, payment_id, None, delay_seconds=behaviour.delay_seconds
        )
        if behaviour.timeout is Timeout.BEFORE:
            return NoResponse()
        return DelayedResponse(payment_id=payment_id, seconds=behaviour.delay_seconds)
    result = _result(payment_id, behaviour)
    response = _response(result, behaviour)
    rows.add_payment(payment_id, request, result)
    rows.add_key(request.key, fingerprint, payment_id, response)
    return NoResponse() if behaviour.timeout is Timeout.AFTER else response


def _response(result: AuthorisationResult, behaviour: CardBehaviour) -> SimulatedResponse:
    return ServerError() if behaviour.is_faulty else result


def _result(payment_id: str, behaviour: CardBehaviour) -> AuthorisationResult:
    match behaviour.decision:
        case Decision.APPROVE:
            return Approved(payment_id=payment_id)
        case Decision.DECLINE:
            return Declined(reason=behaviour.reason or "declined")
        case Decision.REQUIRE_ACTION:
            return ActionRequired(payment_id=payment_id)


def _result_of_action(payment_id: str, *, approved: bool) -> AuthorisationResult:
    if approved:
        return Approved(payment_id=payment_id)
    return Declined(reason="authentication_failed")


def _once(
    key: str,
    fingerprint: bytes,
    payment_id: str,
    change: Callable[[GatewayPayment], SimulatedResponse],
    rows: PaymentRows,
) -> SimulatedResponse:
    """Make a change, and remember what came of it; or tell what is remembered."""
    known = rows.key(key)
    if known is not None:
        response = known.response if known.fingerprint == fingerprint else None
        return Failed(reason=KEY_REUSED) if response is None else response
    stored = rows.payment(payment_id)
    response = Failed(reason=NOT_FOUND) if stored is None else change(stored.payment)
    rows.add_key(key, fingerprint, payment_id, response)
    return response


def _fingerprint(*request: object) -> bytes:
    """Return what tells a request from others, from which nobody reads a token."""
    return hashlib.sha256(repr(request).encode()).digest()
