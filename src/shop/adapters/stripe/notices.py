"""Stripe's webhooks: who sent them, when, and what they are about."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import stripe

from shop.adapters.stripe.payments import reference_in
from shop.application.ports.payment_gateway import Notice, NoticeRefused

MAX_AGE_SECONDS = 300
"""How old a signature may be, by Stripe's advice (https://docs.stripe.com/webhooks)."""


def notice_in(body: bytes, signature: str | None, secrets: Sequence[str]) -> Notice:
    """Return what a webhook says; raise `NoticeRefused` unless one of the secrets signed it lately.

    The library compares the signature's time with the machine's own clock.
    """
    if not any(_is_signed(body, signature, secret) for secret in secrets):
        raise NoticeRefused("no secret of the shop's has signed this lately")
    try:
        event = json.loads(body)
    except ValueError:
        raise NoticeRefused("it is not JSON") from None
    match event:
        case {"id": str(id_), "type": str(kind), "data": {"object": dict(about)}}:
            return Notice(
                id=id_, kind=kind, payment_id=_payment_id(about), reference=reference_in(about)
            )
        case _:
            raise NoticeRefused("it is not an event")


def _is_signed(body: bytes, signature: str | None, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, MAX_AGE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
        # A body that is no text, or a signature that is not ASCII, is nothing that Stripe signs.
        return False
    return True


def _payment_id(about: Mapping[str, Any]) -> str | None:
    """Return the payment that an intent, or a charge, refund or dispute of it, belongs to."""
    match about:
        case {"object": "payment_intent", "id": str(payment_id)}:
            return payment_id
        case {"payment_intent": str(payment_id)} | {"payment_intent": {"id": str(payment_id)}}:
            return payment_id
        case _:
            return None
