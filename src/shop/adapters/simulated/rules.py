"""The rules: what each card's token does."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What becomes of an authorisation."""

    APPROVE = "approve"
    DECLINE = "decline"
    CHALLENGE = "challenge"


class Silence(StrEnum):
    """When the gateway stops answering: before it has done what it was asked, or after."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a token does.

    `silence` is about the first request under a key alone. One that is faulty is done and then
    answered with a fault, and so is everything that follows under its key.
    """

    decision: Decision = Decision.APPROVE
    reason: str | None = None
    silence: Silence | None = None
    delay_seconds: float = 0
    is_faulty: bool = False


RULES: Mapping[str, Rule] = {
    "tok_visa": Rule(),
    "tok_declined": Rule(decision=Decision.DECLINE, reason="declined"),
    "tok_insufficient": Rule(decision=Decision.DECLINE, reason="insufficient_funds"),
    "tok_timeout_before": Rule(silence=Silence.BEFORE),
    "tok_timeout_after": Rule(silence=Silence.AFTER),
    "tok_error": Rule(is_faulty=True),
    "tok_slow": Rule(delay_seconds=3),
    "tok_authenticate": Rule(decision=Decision.CHALLENGE),
}
UNKNOWN = Rule(decision=Decision.DECLINE, reason="unknown_token")


def rule_of(token: str) -> Rule:
    """Return what a token does; those that nobody knows are declined."""
    return RULES.get(token, UNKNOWN)
