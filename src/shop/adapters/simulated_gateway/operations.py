"""The rules of the simulated gateway: what each operation does to its records, and the response.

Every store applies these rules, so that tests in memory and the gateway's process agree.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shop.adapters.simulated_gateway.card_behaviour import (
    BEHAVIOURS,
    CardBehaviour,
    Decision,
    Timeout,
)
from shop.adapters.simulated_gateway.records import GatewayRecords, StoredKey
from shop.adapters.simulated_gateway.responses import (
    KEY_REUSED,
    NOT_FOUND,
    UNKNOWN_TOKEN,
    Failed,
    NoResponse,
    ServerError,
    SimulatedResponse,
    Succeeded,
)
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)
from shop.domain.shared.money import Money
from shop.domain.shared.value import value

CANCELLED_RESULT = Declined(reason="cancelled")
"""The result of an authorisation whose payment was voided before it was decided."""


@value
class Operation:
    """A request to the gateway.

    `run` changes the records at a time and returns the response. It needs the records of the key
    and of the payment, and identifies the request under its key by the fingerprint. The other
    fields are what a client sends to the gateway's process.
    """

    run: Callable[[GatewayRecords, datetime], "SimulatedResponse | Unanswered"]
    key: str | None = None
    payment_id: str | None = None
    fingerprint: bytes = b""
    name: str = ""
    amount: Money | None = None
    authorisation: AuthorisationRequest | None = None


@value
class DelayedResponse:
    """The payment is decided after some seconds, by another operation."""

    seconds: float
    decision: Operation


Unanswered = NoResponse | DelayedResponse


def authorise(request: AuthorisationRequest, behaviour: CardBehaviour | None = None) -> Operation:
    """Create a payment and decide it by its token, or by another behaviour.

    A token of no card fails, and leaves nothing in the records: it may be a card number.
    """
    fingerprint = _fingerprint("authorise", request.reference, request.amount, request.token)

    def run(records: GatewayRecords, now: datetime) -> SimulatedResponse | Unanswered:
        if request.amount.amount <= 0:
            return Failed(reason="amount_not_positive")
        known = records.keys.get(request.key)
        if known is None:
            card = behaviour or BEHAVIOURS.get(request.token)
            if card is None:
                return Failed(reason=UNKNOWN_TOKEN)
            known = _create_payment(request, fingerprint, card, records, now)
            if card.timeout is not None:
                return NoResponse()
        elif known.fingerprint != fingerprint:
            return Failed(reason=KEY_REUSED)
        else:
            records.count_call(known.payment_id)
        if known.response is not None:
            return known.response
        decision = _decision(request, known.payment_id)
        seconds = (known.due_at - now).total_seconds()
        is_due = seconds <= 0
        return (
            decision.run(records, now)
            if is_due
            else DelayedResponse(seconds=seconds, decision=decision)
        )

    return Operation(run=run, key=request.key, fingerprint=fingerprint, authorisation=request)


def capture(key: str, payment_id: str, amount: Money) -> Operation:
    """Capture the whole authorised amount, once."""

    def change(payment: GatewayPayment) -> GatewayPayment | Failed:
        if payment.is_voided:
            return Failed(reason="voided")
        if payment.is_captured:
            return Failed(reason="captured")
        if not isinstance(payment.authorisation_result, Approved):
            return Failed(reason="not_authorised")
        if payment.amount != amount:
            return Failed(reason="amount_differs")
        return replace(payment, is_captured=True)

    return _once("capture", key, payment_id, amount, change)


def void(key: str, payment_id: str) -> Operation:
    """Void an authorisation, or cancel a payment that is not decided yet."""

    def change(payment: GatewayPayment) -> GatewayPayment | Failed:
        if payment.is_captured:
            return Failed(reason="captured")
        if isinstance(payment.authorisation_result, Declined):
            return Failed(reason="declined")
        return replace(payment, is_voided=True)

    return _once("void", key, payment_id, None, change)


def refund(key: str, payment_id: str, amount: Money) -> Operation:
    """Refund some of a captured amount that has not been refunded yet."""

    def change(payment: GatewayPayment) -> GatewayPayment | Failed:
        if not payment.is_captured:
            return Failed(reason="not_captured")
        if amount.currency != payment.amount.currency:
            return Failed(reason="currency_differs")
        if amount.amount <= 0:
            return Failed(reason="amount_not_positive")
        if payment.amount < payment.refunded + amount:
            return Failed(reason="more_than_is_left")
        return replace(payment, refunded=payment.refunded + amount)

    return _once("refund", key, payment_id, amount, change)


def authenticate(payment_id: str, *, approved: bool) -> Operation:
    """Complete the challenge of a payment; the same answer a second time changes nothing."""
    result: AuthorisationResult = Declined(reason="authentication_failed")
    if approved:
        result = Approved(payment_id=payment_id)

    def run(records: GatewayRecords, _: datetime) -> SimulatedResponse:
        payment = records.payments.get(payment_id)
        if payment is None:
            return Failed(reason=NOT_FOUND)
        if payment.authorisation_result == result:
            return result
        if payment.is_voided or not isinstance(payment.authorisation_result, ActionRequired):
            return Failed(reason="not_challenged")
        records.payments[payment_id] = replace(payment, authorisation_result=result)
        return result

    return Operation(run=run, payment_id=payment_id)


def _create_payment(
    request: AuthorisationRequest,
    fingerprint: bytes,
    behaviour: CardBehaviour,
    records: GatewayRecords,
    now: datetime,
) -> StoredKey:
    payment_id = records.new_payment_id()
    is_decided = behaviour.timeout is not Timeout.BEFORE and not behaviour.delay_seconds
    result = _result(payment_id, behaviour) if is_decided else None
    response = None if result is None else _response(result, behaviour)
    records.payments[payment_id] = GatewayPayment(
        id=payment_id,
        reference=request.reference,
        amount=request.amount,
        authorisation_result=result,
        is_captured=False,
        is_voided=False,
        refunded=Money.zero(request.amount.currency),
        created_at=now,
    )
    records.count_call(payment_id)
    return records.add_key(
        request.key, fingerprint, payment_id, response, now, behaviour.delay_seconds
    )


def _decision(request: AuthorisationRequest, payment_id: str) -> Operation:
    """Decide a payment that was created undecided, unless another operation has done so."""

    def run(records: GatewayRecords, _: datetime) -> SimulatedResponse:
        known = records.keys.get(request.key)
        if known is not None and known.response is not None:
            return known.response
        payment = records.payments.get(payment_id)
        if payment is None:
            return Failed(reason=NOT_FOUND)
        response: SimulatedResponse = CANCELLED_RESULT
        if not payment.is_voided:
            behaviour = BEHAVIOURS[request.token]
            result = _result(payment_id, behaviour)
            records.payments[payment_id] = replace(payment, authorisation_result=result)
            response = _response(result, behaviour)
        # The key may have expired since the payment was created.
        if known is not None:
            records.keys[request.key] = replace(known, response=response)
        return response

    return Operation(run=run, key=request.key, payment_id=payment_id)


def _once(
    name: str,
    key: str,
    payment_id: str,
    amount: Money | None,
    change: Callable[[GatewayPayment], GatewayPayment | Failed],
) -> Operation:
    """Change a payment and store the response under the key, or return the stored response."""
    details = (payment_id,) if amount is None else (payment_id, amount)
    fingerprint = _fingerprint(name, *details)

    def run(records: GatewayRecords, now: datetime) -> SimulatedResponse:
        known = records.keys.get(key)
        if known is not None:
            response = known.response if known.fingerprint == fingerprint else None
            return Failed(reason=KEY_REUSED) if response is None else response
        payment = records.payments.get(payment_id)
        changed = Failed(reason=NOT_FOUND) if payment is None else change(payment)
        if isinstance(changed, Failed):
            response = changed
        else:
            response, records.payments[payment_id] = Succeeded(), changed
        records.add_key(key, fingerprint, payment_id, response, now)
        return response

    return Operation(
        run=run,
        key=key,
        payment_id=payment_id,
        fingerprint=fingerprint,
        name=name,
        amount=amount,
    )


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


def _fingerprint(*request: object) -> bytes:
    """Return a digest of a request, from which no card token can be read."""
    # Files of earlier versions hold digests of exactly this text.
    return hashlib.sha256(repr(request).encode()).digest()
