"""The behaviour of each test card, by its token."""

from collections.abc import Mapping
from enum import StrEnum

from shop.domain.shared.value import value


class Decision(StrEnum):
    """The result of an authorisation."""

    APPROVE = "approve"
    DECLINE = "decline"
    REQUIRE_ACTION = "challenge"


class Timeout(StrEnum):
    """Whether the gateway stops answering before or after it decides the payment."""

    BEFORE = "before"
    AFTER = "after"


@value
class CardBehaviour:
    """How the gateway answers requests to authorise a card.

    A timeout applies to the first request under a key only. A faulty card is decided, but every
    request under its key is answered with a server error.
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
