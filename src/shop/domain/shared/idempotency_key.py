"""Idempotency keys: the name that a user gives to one request."""

from uuid import UUID

from shop.domain.shared.value import value


@value
class IdempotencyKey:
    """Names one request of one user; a repeated request carries the same key."""

    user_id: UUID
    value: str
