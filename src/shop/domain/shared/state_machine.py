"""Status tables: which step may follow which, written down so that a test can walk them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from shop.domain.shared.errors import Conflict

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine(Generic[S]):
    """The statuses in which something may begin, and for each those that may follow it."""

    initial: frozenset[S]
    transitions: Mapping[S, frozenset[S]]

    def require_transition(self, current: S | None, target: S) -> None:
        """Raise `IllegalTransition` unless the table allows this step (from None: the first)."""
        if target not in (self.initial if current is None else self.transitions[current]):
            raise IllegalTransition(
                current=current.value if current else "new", target=target.value
            )


@dataclass(kw_only=True, unsafe_hash=True)
class IllegalTransition(Conflict):
    """A step that the status table does not have."""

    current: str
    target: str

    code = "illegal-transition"
    message = "Cannot change status from {current} to {target}."
