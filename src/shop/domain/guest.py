"""Guests: users who order without signing in, each in one session."""

from datetime import datetime
from uuid import UUID

from shop.domain.orders.order_details import OrderDetails
from shop.domain.user import MAX_NAME_CHARACTERS, Role, User

_EMAIL_PREFIX = "guest:"
"""No e-mail address begins so, or it would have an @ after it."""


def new_guest(id: UUID, details: OrderDetails, *, at: datetime) -> User:  # noqa: A002  The field's own name.
    """Create the guest of a first order.

    A guest is disabled and has neither password nor e-mail address, so that a sign-in as one
    cannot succeed: the address that was given stands on the order.
    """
    return User(
        id=id,
        name=guest_name(details),
        email=f"{_EMAIL_PREFIX}{id}",
        password_hash="",
        roles=frozenset({Role.CUSTOMER}),
        enabled=False,
        created_at=at,
        is_guest=True,
    )


def guest_name(details: OrderDetails) -> str:
    """Return how to address a guest by what an order says: by an address, or by the e-mail."""
    address = details.buyer_address
    return (details.email or "")[:MAX_NAME_CHARACTERS] if address is None else address.name
