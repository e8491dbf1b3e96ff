"""State machines: the allowed transitions between statuses, as tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from shop.domain.shared.errors import Conflict
from shop.domain.shared.value import value

S = TypeVar("S", bound=StrEnum)


@value
class StateMachine(Generic[S]):
    """The initial statuses, and the allowed successors of each status."""

    initial: frozenset[S]
    transitions: Mapping[S, frozenset[S]]

    def require_transition(self, current: S | None, target: S) -> None:
        """Raise `IllegalTransition` unless the table allows the step; None is new."""
        if target not in (self.initial if current is None else self.transitions[current]):
            raise IllegalTransition(
                current=current.value if current else "new", target=target.value
            )


@dataclass(kw_only=True, unsafe_hash=True)
class IllegalTransition(Conflict):
    """The state machine does not allow the transition."""

    current: str
    target: str

    code = "illegal-transition"
    message = "Cannot change status from {current} to {target}."
