"""What is seen of a deed: the answer, what the gateway was heard to say, and how late it became."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.property.books import Outcome

Subject = tuple[str, int]
"""An order or a deposit, and its number."""

APPROVED, DECLINED, CAPTURED, INSPECTED = "approved", "declined", "captured", "inspected"
ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the gateway has said of a subject, at which second; or what it was asked to."""

    subject: Subject
    what: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of one deed, and of those that went on while it waited for the gateway."""

    outcome: Outcome
    heard: Sequence[Heard]
    meanwhile: Sequence["Sighting"]
    now: int

    @property
    def subjects(self) -> Sequence[Subject]:
        """What the gateway was asked about, in that order."""
        return list(dict.fromkeys(each.subject for each in self.heard))

    def verdict(self, subject: Subject) -> Heard | None:
        """Return the definite answer about a subject; None where none was heard."""
        found = [each for each in self._of(subject) if each.what in {APPROVED, DECLINED}]
        return found[-1] if found else None

    @property
    def first_asked(self) -> Subject | None:
        """The first for which money was wanted: others did something then."""
        return next((each.subject for each in self.heard if each.what == ASKED), None)

    def is_captured(self, subject: Subject) -> bool:
        return any(each.what == CAPTURED for each in self._of(subject))

    def was_inspected(self, subject: Subject, *, since: int) -> bool:
        """Tell whether somebody has looked a subject up at this second or later."""
        return any(each.what == INSPECTED and each.at >= since for each in self._of(subject))

    def _of(self, subject: Subject) -> Sequence[Heard]:
        return [each for each in self.heard if each.subject == subject]
