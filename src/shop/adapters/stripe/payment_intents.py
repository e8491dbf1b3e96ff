"""Stripe's payment intents, read as the port's payments."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shop.adapters.stripe.amounts import from_stripe
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)

REFERENCE = "shop_reference"
"""The field of an intent's metadata that says what the payment is for."""

Intent = Mapping[str, Any]
"""A payment intent as Stripe writes it; fields that do not apply may be absent."""


def to_payment(intent: Intent) -> GatewayPayment:
    """Return the payment that an intent stands for; its latest charge has to be expanded.

    Raise `InvalidValue` for a currency that the shop does not know.
    """
    is_captured = intent["status"] == "succeeded"
    # Stripe also calls refunded what was set aside and then given up.
    refunded = intent["latest_charge"]["amount_refunded"] if is_captured else 0
    return GatewayPayment(
        id=intent["id"],
        reference=to_reference(intent),
        amount=from_stripe(intent["amount"], intent["currency"]),
        authorisation_result=to_result(intent),
        is_captured=is_captured,
        is_voided=intent["status"] == "canceled",
        refunded=from_stripe(refunded, intent["currency"]),
        created_at=datetime.fromtimestamp(intent["created"], UTC),
    )


def to_result(intent: Intent) -> AuthorisationResult | None:
    """Return what has been said of an intent's card; None where that is still to come."""
    status = intent.get("status")
    if status == "canceled":
        status = _status_before_cancellation(intent)
    match status:
        case "requires_capture" | "succeeded":
            return Approved(payment_id=intent["id"])
        case "requires_action":
            return ActionRequired(
                payment_id=intent["id"], client_secret=intent.get("client_secret")
            )
        case "requires_payment_method" if reason := _decline_reason(intent):
            return Declined(reason=reason)
        case _:
            return None


def to_reference(stripe_object: Mapping[str, Any]) -> UUID | None:
    """Return what an object of Stripe's is for; None where it is none of the shop's."""
    try:
        return UUID((stripe_object.get("metadata") or {}).get(REFERENCE))
    except (TypeError, ValueError, AttributeError):
        return None


def _status_before_cancellation(intent: Intent) -> str:
    """Return the status that a cancelled intent had."""
    if _decline_reason(intent):
        return "requires_payment_method"
    # The shop confirms what it makes: where that led to no charge, it led to a challenge.
    return "requires_capture" if intent.get("latest_charge") else "requires_action"


def _decline_reason(intent: Intent) -> str | None:
    """Return why the card did not pay, in the issuer's word or else in Stripe's."""
    error = intent.get("last_payment_error") or {}
    charge = intent.get("latest_charge")
    failed = charge.get("failure_code") if isinstance(charge, Mapping) else None
    reason: str | None = error.get("decline_code") or error.get("code") or failed
    return reason
