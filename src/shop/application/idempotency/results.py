"""Results of requests under an idempotency key: pending, succeeded, rejected, replayed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from shop.application.ports.repositories.idempotency_keys import (
    Rejected,
    StoredOutcome,
)
from shop.domain.shared.errors import ShopError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A request was begun, under the id of what it made; how it ends is not known yet."""

    reference: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult(Generic[T]):
    """The answer to one command of a group: what it made, or why it was refused.

    The `client_secret` is there where the customer has to take a step at the gateway first.
    """

    value: T | ShopError
    replayed: bool
    client_secret: str | None = field(default=None, repr=False)

    def unwrap(self) -> T:
        """Return what was made; raise the refusal."""
        if isinstance(self.value, ShopError):
            raise self.value
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a request ended, now or when it was first made."""

    outcome: StoredOutcome | Pending
    replayed: bool

    def to_result(self, created: Mapping[UUID, T]) -> CommandResult[T]:
        """Return the reply; what was made is found by its id."""
        if isinstance(self.outcome, Rejected):
            return CommandResult(value=self.outcome.error, replayed=self.replayed)
        return CommandResult(value=created[self.outcome.reference], replayed=self.replayed)


class IdempotencyKeyReused(ShopError):
    """The key was used for another request before."""

    code = "idempotency-key-reused"
    message = "This idempotency key was used for another request."
