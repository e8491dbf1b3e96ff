"""Webhooks: only what one of the shop's secrets signed lately is read."""

import json
import time
from collections.abc import Callable, Mapping

import pytest
import stripe

from shop.adapters.stripe.webhook import parse_event
from shop.application.ports.payment_gateway import GatewayEvent, InvalidGatewayEvent
from tests.factories import an_id

NEWER, OLDER = "whsec_the_newer_of_two", "whsec_the_older_of_two"
SECRETS = (NEWER, OLDER)
DAY_SECONDS = 86_400

INTENT = {
    "object": "payment_intent",
    "id": "pi_1",
    "metadata": {"shop_reference": str(an_id("order"))},
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
def test_what_any_of_the_secrets_signed_is_read(secret: str) -> None:
    assert parse_event(BODY, _signed(BODY, secret), SECRETS) == GatewayEvent(
        id="evt_1",
        kind="payment_intent.canceled",
        payment_id="pi_1",
        reference=an_id("order"),
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
def test_a_notice_names_the_payment_and_what_it_is_for_as_far_as_stripe_does(
    kind: str, about: Mapping[str, object], payment_id: str | None, *, reference: bool
) -> None:
    body = _body(about, kind)

    assert parse_event(body, _signed(body), SECRETS) == GatewayEvent(
        id="evt_1",
        kind=kind,
        payment_id=payment_id,
        reference=an_id("order") if reference else None,
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
    "of another secret": lambda: _signed(BODY, "whsec_of_somebody_else"),
    "of another body": lambda: _signed(BODY + b" "),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_missing_or_forged_signature_is_refused(forgery: str) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, FORGERIES[forgery](), SECRETS)


@pytest.mark.parametrize("age_seconds", [310, DAY_SECONDS])
def test_an_old_signature_is_refused_however_good_it_was(age_seconds: int) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, _signed(BODY, age_seconds=age_seconds), SECRETS)


def test_an_old_signature_is_not_renewed_by_stating_another_time() -> None:
    old = _signed(BODY, age_seconds=DAY_SECONDS)

    for moment in (f"t={int(time.time())},{old}", f"{old},t={int(time.time())}"):
        with pytest.raises(InvalidGatewayEvent):
            parse_event(BODY, moment, SECRETS)


def test_a_body_that_was_changed_on_its_way_is_refused() -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY.replace(b"pi_1", b"pi_2"), _signed(BODY), SECRETS)


def test_a_body_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(b"\xff" + BODY, _signed(BODY), SECRETS)


@pytest.mark.parametrize(
    "body", [b"", b"not JSON", b"[]", b"{}", b'{"id": 1}', b'{"id": "evt_1", "type": "ping"}']
)
def test_what_is_signed_and_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(body, _signed(body), SECRETS)


def test_without_secrets_nothing_is_believed() -> None:
    with pytest.raises(InvalidGatewayEvent):
        parse_event(BODY, _signed(BODY), ())
