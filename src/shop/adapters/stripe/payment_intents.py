"""Converts Stripe's payment intents to payments of the port."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shop.adapters.stripe.amounts import from_stripe
from shop.adapters.stripe.errors import plain_reason
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)

REFERENCE = "shop_reference"
"""The field of an intent's metadata with the id of the order or deposit."""

_ID = re.compile(r"[!-~]{1,255}")

Intent = Mapping[str, Any]
"""A payment intent in Stripe's format; fields that do not apply may be missing."""


def to_payment(intent: Intent) -> GatewayPayment:
    """Convert an intent with an expanded latest charge.

    Raise `InvalidValue` for an unknown currency.
    """
    is_captured = intent["status"] == "succeeded"
    # Stripe also counts a voided authorisation as refunded.
    refunded = intent["latest_charge"]["amount_refunded"] if is_captured else 0
    return GatewayPayment(
        id=_id(intent),
        reference=to_reference(intent),
        amount=from_stripe(intent["amount"], intent["currency"]),
        authorisation_result=to_result(intent),
        is_captured=is_captured,
        is_voided=intent["status"] == "canceled",
        refunded=from_stripe(refunded, intent["currency"]),
        created_at=datetime.fromtimestamp(intent["created"], UTC),
    )


def to_result(intent: Intent) -> AuthorisationResult | None:
    """Return the result of an intent's authorisation, or None if there is none yet."""
    status = intent.get("status")
    if status == "canceled":
        status = _status_before_cancellation(intent)
    match status:
        case "requires_capture" | "succeeded":
            return Approved(payment_id=_id(intent))
        case "requires_action":
            return ActionRequired(payment_id=_id(intent), client_secret=intent.get("client_secret"))
        case "requires_payment_method" if reason := _decline_reason(intent):
            return Declined(reason=reason)
        case _:
            return None


def to_reference(stripe_object: Mapping[str, Any]) -> UUID | None:
    """Return the reference of a Stripe object, or None if it is not the shop's."""
    try:
        return UUID((stripe_object.get("metadata") or {}).get(REFERENCE))
    except (TypeError, ValueError, AttributeError):
        return None


def _status_before_cancellation(intent: Intent) -> str:
    """Return the status that a cancelled intent had."""
    if _decline_reason(intent):
        return "requires_payment_method"
    # The shop confirms every intent; one without a charge required an action.
    return "requires_capture" if intent.get("latest_charge") else "requires_action"


def _decline_reason(intent: Intent) -> str | None:
    """Return the decline reason, preferably the issuer's."""
    error = intent.get("last_payment_error") or {}
    charge = intent.get("latest_charge")
    failed = charge.get("failure_code") if isinstance(charge, Mapping) else None
    reason = error.get("decline_code") or error.get("code") or failed
    return (plain_reason(reason) or "declined") if reason else None


def _id(intent: Intent) -> str:
    """Return the id of an intent; raise `ValueError` for another text: ids are stored."""
    if not _ID.fullmatch(intent["id"]):
        raise ValueError("not the id of a payment intent")
    return str(intent["id"])
