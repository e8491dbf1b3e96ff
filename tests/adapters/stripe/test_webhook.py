"""Webhooks: only what one of the shop's secrets signed lately is read."""

import json
import time
from collections.abc import Callable, Mapping

import pytest
import stripe

from shop.adapters.stripe.webhook import parse_event
from shop.application.ports.payment_gateway import GatewayEvent, InvalidGatewayEvent
from tests.factories import id_of

NEWER, OLDER = "whsec_the_newer_of_two", "whsec_the_older_of_two"
SECRETS = (NEWER, OLDER)
DAY_SECONDS = 86_400

INTENT = {
    "object": "payment_intent",
    "id": "pi_1",
    "metadata": {"shop_reference": str(id_of("order"))},
}


def _body(about: Mapping[str, object], kind: str = "payment_intent.canceled") -> bytes:
    event = {"id": "evt_1", "object": "event", "type": kind, "data": {"object": about}}
    return json.dumps(event).encode()


def _signed(body: bytes, secret: str = NEWER, *, age_seconds: int = 0) -> str:
    moment = int(time.time()) - age_seconds
    signature: str = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, moment
    )
    return signature


BODY = _body(INTENT)


@pytest.mark.parametrize("secret", SECRETS)
def test_event_signed_with_any_of_the_secrets_is_accepted(secret: str) -> None:
    assert parse_event(BODY, _signed(BODY, secret), SECRETS) == GatewayEvent(
        id="evt_1",
        kind="payment_intent.canceled",
        payment_id="pi_1",
        reference=id_of("order"),
    )


@pytest.mark.parametrize("age_seconds", [290, -290])
def test_clocks_may_differ_by_minutes(age_seconds: int) -> None:
    assert parse_event(BODY, _signed(BODY, age_seconds=age_seconds), SECRETS).id == "evt_1"


@pytest.mark.parametrize(
    ("kind", "about", "payment_id", "reference"),
    [
        ("charge.captured", {**INTENT, "object": "charge", "payment_intent": "pi_1"}, "pi_1", True),
        (
            "refund.failed",
            {"object": "refund", "id": "re_1", "payment_intent": "pi_1"},
            "pi_1",
            False,
        ),
        ("refund.failed", {"object": "refund", "payment_intent": {"id": "pi_1"}}, "pi_1", False),
        ("payment_intent.created", {**INTENT, "metadata": {}}, "pi_1", False),
        ("payment_intent.created", {**INTENT, "metadata": {"shop_reference": "7"}}, "pi_1", False),
        ("payment_intent.created", {**INTENT, "metadata": None}, "pi_1", False),
        ("payment_intent.created", {**INTENT, "metadata": ["x"]}, "pi_1", False),
        ("payout.paid", {"object": "payout", "id": "po_1"}, None, False),
    ],
)
def test_event_names_its_payment_and_reference_if_stripe_does(
    kind: str, about: Mapping[str, object], payment_id: str | None, *, reference: bool
) -> None:
    body = _body(about, kind)

    assert parse_event(body, _signed(body), SECRETS) == GatewayEvent(
        id="evt_1",
        kind=kind,
        payment_id=payment_id,
        reference=id_of("order") if reference else None,
    )


FORGERIES: Mapping[str, Callable[[], str | None]] = {
    "missing": lambda: None,
    "empty": lambda: "",
    "nonsense": lambda: "nonsense",
    "no time": lambda: _signed(BODY).partition(",")[2],
    "no number for a time": lambda: "t=now,v1=00",
    "no signature": lambda: _signed(BODY).partition(",")[0],
    "made up": lambda: f"{_signed(BODY).partition(',')[0]},v1={'0' * 64}",
    "not ASCII": lambda: f"{_signed(BODY).partition(',')[0]},v1=ünsigned",
    "of a scheme that proves nothing": lambda: _signed(BODY).replace("v1=", "v0="),
    "of another time": lambda: _signed(BODY).replace("t=", "t=1"),
    "of another secret": lambda: _signed(BODY, "whsec_of_another_shop"),
    "of another body": lambda: _signed(BODY + b" "),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_missing_or_forged_signature_is_rejected(forgery: str) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, FORGERIES[forgery](), SECRETS)


@pytest.mark.parametrize("age_seconds", [-310, -3_600, -3_650 * DAY_SECONDS])
def test_signature_of_a_time_to_come_is_rejected(age_seconds: int) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, _signed(BODY, age_seconds=age_seconds), SECRETS)


@pytest.mark.parametrize("age_seconds", [310, DAY_SECONDS])
def test_old_signature_is_rejected(age_seconds: int) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, _signed(BODY, age_seconds=age_seconds), SECRETS)


def test_old_signature_with_a_changed_time_is_rejected() -> None:
    old = _signed(BODY, age_seconds=DAY_SECONDS)

    for moment in (f"t={int(time.time())},{old}", f"{old},t={int(time.time())}"):
        with pytest.raises(InvalidGatewayEvent):
            parse_event(BODY, moment, SECRETS)


def test_changed_body_is_rejected() -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY.replace(b"pi_1", b"pi_2"), _signed(BODY), SECRETS)


def test_body_that_is_no_text_is_rejected() -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(b"\xff" + BODY, _signed(BODY), SECRETS)


@pytest.mark.parametrize(
    "body", [b"", b"not JSON", b"[]", b"{}", b'{"id": 1}', b'{"id": "evt_1", "type": "ping"}']
)
def test_signed_body_that_is_no_event_is_rejected(body: bytes) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(body, _signed(body), SECRETS)


UNREADABLE_BODIES = {
    "too deep": b'{"id":"evt_1","type":"ping","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "lone surrogate": BODY.replace(b"evt_1", b"evt_\\ud800"),
    "NUL": BODY.replace(b"evt_1", b"evt_\\u0000"),
    "empty id": BODY.replace(b"evt_1", b""),
    "long id": BODY.replace(b"evt_1", b"e" * 256),
    "id in another script": BODY.replace(b"evt_1", "evt_é".encode()),
    "NUL in the kind": BODY.replace(b"payment_intent.canceled", b"\\u0000"),
    "NUL in the payment": BODY.replace(b"pi_1", b"pi_\\u0000"),
    "duplicate member": BODY.replace(b'"id": "evt_1"', b'"id": "evt_1", "id": "evt_2"'),
    "duplicate inner member": BODY.replace(b'"id": "pi_1"', b'"id": "pi_1", "id": "pi_2"'),
    "NaN": BODY.replace(b'"id": "pi_1"', b'"id": "pi_1", "n": NaN'),
    "huge number": BODY.replace(b'"id": "pi_1"', b'"id": "pi_1", "n": ' + b"9" * 50_000),
    "text": b'"evt_1"',
    "null": b"null",
    "number": b"1",
    "id of a number": BODY.replace(b'"evt_1"', b"1"),
    "object of a list": BODY.replace(b'"data": {"object": ', b'"data": {"object": [').replace(
        b"}}}", b"}]}}"
    ),
}


@pytest.mark.parametrize("body", UNREADABLE_BODIES.values(), ids=UNREADABLE_BODIES.keys())
def test_signed_event_that_cannot_be_read_is_rejected(body: bytes) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(body, _signed(body), SECRETS)


def test_every_event_is_rejected_without_secrets() -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, _signed(BODY), ())
