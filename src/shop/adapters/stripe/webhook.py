"""Stripe's webhooks: who sent them, when, and what they are about."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import stripe

from shop.adapters.stripe.payment_intents import to_reference
from shop.application.ports.payment_gateway import GatewayEvent, InvalidGatewayEvent

MAX_AGE_SECONDS = 300
"""How old a signature may be, by Stripe's advice (https://docs.stripe.com/webhooks)."""


def parse_event(body: bytes, signature: str | None, secrets: Sequence[str]) -> GatewayEvent:
    """Return the event in a webhook; raise `InvalidGatewayEvent` unless a secret signed it lately.

    The library compares the signature's time with the machine's own clock.
    """
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise InvalidGatewayEvent("no secret of the shop's has signed this lately")
    try:
        event = json.loads(body)
    except ValueError:
        raise InvalidGatewayEvent("it is not JSON") from None
    match event:
        case {"id": str(id_), "type": str(kind), "data": {"object": dict(about)}}:
            return GatewayEvent(
                id=id_, kind=kind, payment_id=_payment_id(about), reference=to_reference(about)
            )
        case _:
            raise InvalidGatewayEvent("it is not an event")


def _is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, MAX_AGE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
        # A body that is no text, or a signature that is not ASCII, is nothing that Stripe signs.
        return False
    return True


def _payment_id(stripe_object: Mapping[str, Any]) -> str | None:
    """Return the payment that an intent, or a charge, refund or dispute of it, belongs to."""
    match stripe_object:
        case {"object": "payment_intent", "id": str(payment_id)}:
            return payment_id
        case {"payment_intent": str(payment_id)} | {"payment_intent": {"id": str(payment_id)}}:
            return payment_id
        case _:
            return None
