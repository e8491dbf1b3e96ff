"""What is observed of an action: its outcome, the gateway's responses, and the time."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.property.model.rejection import Outcome

Subject = tuple[str, int]
"""An order or a deposit, and its number."""

APPROVED, DECLINED, CAPTURED, LOOKED_UP = "approved", "declined", "captured", "inspected"
AUTHORISATION_REQUESTED = "asked"


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """What the gateway has said of a subject, at which second; or what it was asked to."""

    subject: Subject
    kind: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What was observed of one action, and of those during its gateway calls."""

    outcome: Outcome
    responses: Sequence[GatewayResponse]
    meanwhile: Sequence["Observation"]
    now: int

    @property
    def subjects(self) -> Sequence[Subject]:
        """What the gateway was asked about, in that order."""
        return list(dict.fromkeys(each.subject for each in self.responses))

    def decision(self, subject: Subject) -> GatewayResponse | None:
        """Return the definite response about a subject, or None if there was none."""
        decisions = [each for each in self._of(subject) if each.kind in {APPROVED, DECLINED}]
        return decisions[-1] if decisions else None

    @property
    def first_requested(self) -> Subject | None:
        """The first for which money was wanted: others did something then."""
        return next(
            (each.subject for each in self.responses if each.kind == AUTHORISATION_REQUESTED), None
        )

    def is_captured(self, subject: Subject) -> bool:
        return any(each.kind == CAPTURED for each in self._of(subject))

    def was_looked_up(self, subject: Subject, *, since: int) -> bool:
        """Return whether a subject was looked up at this second or later."""
        return any(each.kind == LOOKED_UP and each.at >= since for each in self._of(subject))

    def _of(self, subject: Subject) -> Sequence[GatewayResponse]:
        return [each for each in self.responses if each.subject == subject]
