"""What is seen of a deed: the answer, what the gateway was heard to say, and how late it became."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.property.model.state import Outcome

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
    """What was seen of one deed, and of those that went on while it waited for the gateway."""

    outcome: Outcome
    responses: Sequence[GatewayResponse]
    meanwhile: Sequence["Observation"]
    now: int

    @property
    def subjects(self) -> Sequence[Subject]:
        """What the gateway was asked about, in that order."""
        return list(dict.fromkeys(each.subject for each in self.responses))

    def decision(self, subject: Subject) -> GatewayResponse | None:
        """Return the definite answer about a subject; None where none was heard."""
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
        """Tell whether somebody has looked a subject up at this second or later."""
        return any(each.kind == LOOKED_UP and each.at >= since for each in self._of(subject))

    def _of(self, subject: Subject) -> Sequence[GatewayResponse]:
        return [each for each in self.responses if each.subject == subject]
