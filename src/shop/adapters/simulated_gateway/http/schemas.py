"""What goes over the wire between the gateway's process and a shop: JSON, read and written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from shop.adapters.simulated_gateway.store.rows import StoredPayment
from shop.application.ports.payment_gateway import (
    ActionRequired,
    Approved,
    AuthorisationRequest,
    AuthorisationResult,
    Declined,
    GatewayPayment,
)
from shop.domain.shared.errors import InvalidValue
from shop.domain.shared.money import Currency, Money

KEY_HEADER = b"idempotency-key"
MAX_TOKEN_CHARACTERS = 255
MAX_PAGE = 500


class Unreadable(Exception):
    """What came is not what was agreed; it names the field."""


def document(content: bytes) -> Mapping[str, Any]:
    """Return the JSON object that was sent; raise `Unreadable`."""
    try:
        read = orjson.loads(content)
    except ValueError:
        raise Unreadable("body") from None
    if not isinstance(read, dict):
        raise Unreadable("body")
    return read


def wish_of(key: str, sent: Mapping[str, Any]) -> AuthorisationRequest:
    """Return the wish that a request tells of; raise `Unreadable`."""
    token = text_of(sent, "token")
    if not 0 < len(token) <= MAX_TOKEN_CHARACTERS:
        raise Unreadable("token")
    return AuthorisationRequest(
        key=key, reference=_id_of(sent, "order_id"), amount=money_of(sent), token=token
    )


def wish_document(wish: AuthorisationRequest) -> Mapping[str, Any]:
    """Return a wish as it is sent."""
    # A database driver may have its own kind of UUID, which is not written as JSON.
    reference = str(wish.reference)
    return {"order_id": reference, **money_document(wish.amount), "token": wish.token}


def money_of(sent: Mapping[str, Any], field: str = "amount") -> Money:
    """Return the amount under this name, in the currency beside it; raise `Unreadable`."""
    amount = sent.get(field)
    if type(amount) is not int:
        raise Unreadable(field)
    try:
        return Money(amount=amount, currency=Currency(text_of(sent, "currency")))
    except InvalidValue as error:
        raise Unreadable(error.field if error.field == "currency" else field) from None


def money_document(money: Money) -> Mapping[str, Any]:
    """Return money as it is sent."""
    return {"amount": money.amount, "currency": str(money.currency)}


def payment_of(sent: object) -> GatewayPayment:
    """Return the payment that the gateway tells of; raise `Unreadable`."""
    if not isinstance(sent, dict):
        raise Unreadable("payment")
    return GatewayPayment(
        id=text_of(sent, "id"),
        reference=_id_of(sent, "order_id"),
        amount=money_of(sent),
        authorisation_result=verdict_of(sent),
        is_captured=flag_of(sent, "captured"),
        is_voided=flag_of(sent, "voided") or flag_of(sent, "cancelled"),
        refunded=money_of(sent, "refunded"),
        created_at=moment_of(text_of(sent, "created_at")),
    )


def payment_document(booked: StoredPayment) -> Mapping[str, Any]:
    """Return a payment as the gateway tells of it; the card's token is nobody's business.

    What was authorised stays so when it is voided; what was given up before that is `cancelled`.
    """
    payment = booked.payment
    verdict = payment.authorisation_result
    is_authorised = isinstance(verdict, Approved)
    return {
        "id": payment.id,
        "order_id": payment.reference,
        **money_document(payment.amount),
        "authorised": is_authorised,
        "captured": payment.is_captured,
        "refunded": payment.refunded.amount,
        "voided": payment.is_voided and is_authorised,
        "declined": isinstance(verdict, Declined),
        "calls": booked.calls,
        "challenged": isinstance(verdict, ActionRequired),
        "cancelled": payment.is_voided and not is_authorised,
        "reason": verdict.reason if isinstance(verdict, Declined) else None,
        "created_at": payment.created_at,
    }


def verdict_of(sent: Mapping[str, Any]) -> AuthorisationResult | None:
    """Return the verdict on the payment that the gateway tells of; raise `Unreadable`."""
    payment_id = text_of(sent, "id")
    if flag_of(sent, "authorised"):
        return Approved(payment_id=payment_id)
    if flag_of(sent, "challenged"):
        return ActionRequired(payment_id=payment_id)
    if flag_of(sent, "declined"):
        return Declined(reason=text_of(sent, "reason"))
    return None


def verdict_document(verdict: Approved | ActionRequired) -> Mapping[str, Any]:
    """Return a verdict as the gateway tells of it."""
    return {
        "id": verdict.payment_id,
        "authorised": isinstance(verdict, Approved),
        "challenged": isinstance(verdict, ActionRequired),
        "declined": False,
    }


def text_of(sent: Mapping[str, Any], field: str) -> str:
    """Return the text under this name; raise `Unreadable`."""
    text = sent.get(field)
    if not isinstance(text, str):
        raise Unreadable(field)
    return text


def flag_of(sent: Mapping[str, Any], field: str) -> bool:
    """Return whether this is so; raise `Unreadable`."""
    flag = sent.get(field)
    if not isinstance(flag, bool):
        raise Unreadable(field)
    return flag


def moment_of(text: str) -> datetime:
    """Return a moment of RFC 3339; raise `Unreadable`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable("time") from None
    if moment.tzinfo is None:
        raise Unreadable("time")
    return moment


def _id_of(sent: Mapping[str, Any], field: str) -> UUID:
    try:
        return UUID(text_of(sent, field))
    except ValueError:
        raise Unreadable(field) from None
