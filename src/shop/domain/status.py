"""Status tables: which step may follow which, written down so that a test can walk them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from shop.domain.errors import Conflict

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusTable(Generic[S]):
    """The statuses in which something may begin, and for each those that may follow it."""

    begins: frozenset[S]
    follows: Mapping[S, frozenset[S]]

    def require(self, before: S | None, after: S) -> None:
        """Raise `IllegalTransition` unless the table allows this step (from None: the first)."""
        if after not in (self.begins if before is None else self.follows[before]):
            raise IllegalTransition(current=before.value if before else "new", target=after.value)


@dataclass(kw_only=True, unsafe_hash=True)
class IllegalTransition(Conflict):
    """A step that the status table does not have."""

    current: str
    target: str

    code = "illegal-transition"
    message = "Cannot change status from {current} to {target}."
