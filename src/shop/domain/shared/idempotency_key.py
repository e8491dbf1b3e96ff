"""Idempotency keys: the name that a user gives to one request."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """Names one request of one user; a repeated request carries the same key."""

    user_id: UUID
    value: str
