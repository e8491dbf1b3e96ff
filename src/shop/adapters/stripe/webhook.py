"""Verifies and parses Stripe's webhooks."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import stripe

from shop.adapters.stripe.payment_intents import to_reference
from shop.application.ports.payment_gateway import GatewayEvent, InvalidGatewayEvent

MAX_AGE_SECONDS = 300
"""Stripe's recommendation (https://docs.stripe.com/webhooks)."""


def parse_event(body: bytes, signature: str | None, secrets: Sequence[str]) -> GatewayEvent:
    """Verify and parse a webhook; raise `InvalidGatewayEvent` if it is not valid.

    The library compares the signature's time with the machine's clock.
    """
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise InvalidGatewayEvent("the signature is missing, invalid or too old")
    try:
        event = json.loads(body)
    except ValueError:
        raise InvalidGatewayEvent("the body is not JSON") from None
    match event:
        case {"id": str(id_), "type": str(kind), "data": {"object": dict(about)}}:
            return GatewayEvent(
                id=id_, kind=kind, payment_id=_payment_id(about), reference=to_reference(about)
            )
        case _:
            raise InvalidGatewayEvent("the body is not an event")


def _is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, MAX_AGE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
        # The body is no text, or the signature is not ASCII.
        return False
    return True


def _payment_id(stripe_object: Mapping[str, Any]) -> str | None:
    """Return the payment's id of an intent, or of its charge, refund or dispute."""
    match stripe_object:
        case {"object": "payment_intent", "id": str(payment_id)}:
            return payment_id
        case {"payment_intent": str(payment_id)} | {"payment_intent": {"id": str(payment_id)}}:
            return payment_id
        case _:
            return None
