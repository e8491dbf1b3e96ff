"""Verifies and parses Stripe's webhooks."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import stripe
from pydantic_core import from_json

from shop.adapters.stripe.payment_intents import to_reference
from shop.application.ports.payment_gateway import GatewayEvent, InvalidGatewayEvent

MAX_AGE_SECONDS = 300
"""Stripe's recommendation (https://docs.stripe.com/webhooks), also for the time ahead."""

_NAME = re.compile(r"[!-~]{1,255}")
"""Ids and kinds of events, which are stored: visible ASCII characters."""


def parse_event(body: bytes, signature: str | None, secrets: Sequence[str]) -> GatewayEvent:
    """Verify and parse a webhook; raise `InvalidGatewayEvent` if it is not valid.

    The signature's time is compared with the machine's clock.
    """
    if signature is None or not any(_is_signed(body, signature, each) for each in secrets):
        raise InvalidGatewayEvent("the signature is missing, invalid or too old")
    if _signed_at(signature) > time.time() + MAX_AGE_SECONDS:
        raise InvalidGatewayEvent("the signature is of a time to come")
    match _parse_strictly(body):
        case {"id": str(id_), "type": str(kind), "data": {"object": dict(about)}}:
            payment_id = _payment_id(about)
            if not all(map(_NAME.fullmatch, (id_, kind, payment_id or id_))):
                raise InvalidGatewayEvent("an id of the event cannot be read")
            return GatewayEvent(
                id=id_, kind=kind, payment_id=payment_id, reference=to_reference(about)
            )
        case _:
            raise InvalidGatewayEvent("the body is not an event")


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, MAX_AGE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
        # The body is no text, or the signature is not ASCII.
        return False
    return True


def _signed_at(signature: str) -> int:
    """Return the time of a verified signature: the library verifies the first one."""
    parts = (part.partition("=") for part in signature.split(","))
    return next(int(value) for name, _, value in parts if name == "t")


def _parse_strictly(body: bytes) -> object:
    """Parse JSON like the bodies of all requests; a name that occurs twice is an error, too."""
    try:
        # The first parser limits the depth and rejects lone surrogates, the second one sees all
        # names.
        from_json(body, allow_inf_nan=False)
        return json.loads(body, object_pairs_hook=_object_of_unique_names)
    except ValueError as error:
        raise InvalidGatewayEvent(f"the body cannot be read: {error}") from None


def _object_of_unique_names(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) < len(members):
        raise ValueError("a name occurs twice in an object")
    return unique


def _payment_id(stripe_object: Mapping[str, Any]) -> str | None:
    """Return the payment's id of an intent, or of its charge, refund or dispute."""
    match stripe_object:
        case {"object": "payment_intent", "id": str(payment_id)}:
            return payment_id
        case {"payment_intent": str(payment_id)} | {"payment_intent": {"id": str(payment_id)}}:
            return payment_id
        case _:
            return None
