"""What a group of lookups will ask of a unit of work, said beforehand."""

from collections.abc import Collection
from dataclasses import field
from uuid import UUID

from shop.application.ports.repositories.session_store import SessionToken
from shop.domain.shared.value import value


@value
class LookedUpRows:
    """Sessions with their users, and whole orders with their customers."""

    tokens: Collection[SessionToken]
    order_ids: Collection[UUID] = field(default=())
