"""The rules: what each card's token does."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What becomes of an authorisation."""

    APPROVE = "approve"
    DECLINE = "decline"
    REQUIRE_ACTION = "challenge"


class Timeout(StrEnum):
    """When the gateway stops answering: before it has done what it was asked, or after."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBehaviour:
    """What a token does.

    `silence` is about the first request under a key alone. One that is faulty is done and then
    answered with a fault, and so is everything that follows under its key.
    """

    decision: Decision = Decision.APPROVE
    reason: str | None = None
    timeout: Timeout | None = None
    delay_seconds: float = 0
    is_faulty: bool = False


BEHAVIOURS: Mapping[str, CardBehaviour] = {
    "tok_visa": CardBehaviour(),
    "tok_declined": CardBehaviour(decision=Decision.DECLINE, reason="declined"),
    "tok_insufficient": CardBehaviour(decision=Decision.DECLINE, reason="insufficient_funds"),
    "tok_timeout_before": CardBehaviour(timeout=Timeout.BEFORE),
    "tok_timeout_after": CardBehaviour(timeout=Timeout.AFTER),
    "tok_error": CardBehaviour(is_faulty=True),
    "tok_slow": CardBehaviour(delay_seconds=3),
    "tok_authenticate": CardBehaviour(decision=Decision.REQUIRE_ACTION),
}
UNKNOWN_CARD = CardBehaviour(decision=Decision.DECLINE, reason="unknown_token")


def behaviour_of(token: str) -> CardBehaviour:
    """Return what a token does; those that nobody knows are declined."""
    return BEHAVIOURS.get(token, UNKNOWN_CARD)
