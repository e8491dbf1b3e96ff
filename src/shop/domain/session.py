"""Sessions: what the shop remembers between a visitor's requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from shop.domain.cart import Cart
from shop.domain.customer_cart import CartContent
from shop.domain.orders.order_details import NO_DETAILS, OrderDetails
from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound
from shop.domain.shared.value import value
from shop.domain.user import Role, User

MAX_PREFERENCES_BYTES = 2048

Preferences = Mapping[str, object]


@value
class SessionPolicy:
    """The idle and absolute lifetime of sessions, and how many a user may have at once.

    Without a user, sessions can be idle less long.
    """

    idle: timedelta
    visitor_idle: timedelta
    absolute: timedelta
    per_user: int = 50

    @property
    def last_seen_interval(self) -> timedelta:
        """The least time between two writes of `last_seen_at`."""
        return min(timedelta(minutes=1), self.idle / 10, self.visitor_idle / 10)


@value
class Session:
    """A visitor's session, signed in or not.

    `version` counts the saves, so that two writers cannot both save the same version.
    """

    id: UUID
    user_id: UUID | None
    roles: frozenset[Role]
    signed_in_at: datetime | None
    preferences: Preferences = field(default_factory=dict)
    cart: Cart
    last_order_id: UUID | None
    created_at: datetime
    last_seen_at: datetime
    version: int
    details: OrderDetails = NO_DETAILS
    """What was entered beside the lines of the cart."""

    guest_id: UUID | None = None
    """The guest who has ordered in it without signing in."""

    @classmethod
    def new(cls, *, id: UUID, at: datetime) -> "Session":  # noqa: A002  The field's own name.
        """Create the empty session of a visitor."""
        return cls(
            id=id,
            user_id=None,
            roles=frozenset(),
            signed_in_at=None,
            cart=Cart(),
            last_order_id=None,
            created_at=at,
            last_seen_at=at,
            version=0,
        )

    @property
    def buyer_id(self) -> UUID | None:
        """Whose orders belong to the session: its user's, or its guest's."""
        return self.user_id or self.guest_id

    def expires_at(self, policy: SessionPolicy) -> datetime:
        """Return when the session expires if it is not used again."""
        idle = policy.visitor_idle if self.user_id is None else policy.idle
        return min(self.last_seen_at + idle, self.created_at + policy.absolute)

    def is_expired(self, policy: SessionPolicy, now: datetime) -> bool:
        """Check whether the session has expired."""
        return now >= self.expires_at(policy)

    def used_at(self, at: datetime) -> "Session":
        """Set the time of the last use."""
        return replace(self, last_seen_at=max(at, self.last_seen_at))

    def signed_in_as(self, user: User, *, at: datetime) -> "Session":
        """Sign the user in; keep cart and preferences unless they are another user's.

        A guest's orders do not become the user's.
        """
        kept = self if self.user_id in {None, user.id} else Session.new(id=self.id, at=at)
        return replace(
            kept,
            user_id=user.id,
            roles=user.roles,
            signed_in_at=at,
            last_order_id=self.last_order_id if self.user_id == user.id else None,
            guest_id=None,
            created_at=at,
            last_seen_at=at,
            version=self.version,
        )

    def with_roles(self, roles: frozenset[Role]) -> "Session":
        """Replace the roles."""
        return replace(self, roles=roles)

    @property
    def content(self) -> CartContent:
        """The visitor's cart; that of a customer is the `CustomerCart`."""
        return CartContent(cart=self.cart, details=self.details)

    @property
    def has_content(self) -> bool:
        """Whether there is something in the visitor's cart."""
        return not (self.cart.is_empty and self.details.is_empty)

    def with_content(self, content: CartContent) -> "Session":
        """Replace the cart, and what was entered beside its lines."""
        return replace(self, cart=content.cart, details=content.details)

    def with_guest(self, guest_id: UUID) -> "Session":
        """Bind the session to a guest; it stays signed out."""
        return replace(self, guest_id=guest_id)

    def with_last_order(self, order_id: UUID) -> "Session":
        """Set the last order."""
        return replace(self, last_order_id=order_id)

    def with_preferences(self, patch: Preferences) -> "Session":
        """Apply a merge patch (RFC 7396) to the preferences."""
        preferences = _merge(self.preferences, patch)
        size = len(json.dumps(preferences, ensure_ascii=False).encode())
        if size > MAX_PREFERENCES_BYTES:
            raise InvalidValue(
                field="preferences",
                rule=f"must be at most {MAX_PREFERENCES_BYTES} bytes of JSON, not {size}",
            )
        return replace(self, preferences=preferences)


def _merge(target: object, patch: Mapping[str, object]) -> dict[str, object]:
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, new in patch.items():
        if new is None:
            merged.pop(name, None)
        elif isinstance(new, Mapping):
            merged[name] = _merge(merged.get(name), new)
        else:
            merged[name] = new
    return merged


class NotSignedIn(AccessDenied):
    """The request requires a signed-in session."""

    code = "not-signed-in"
    message = "Sign in first."


class SessionExpired(AccessDenied):
    """The session has expired."""

    code = "session-expired"
    message = "The session has expired; sign in again."


class SessionNotFound(NotFound):
    """The session does not exist or belongs to another user."""

    code = "session-not-found"
    message = "There is no such session."


class SessionConflict(Conflict):
    """A concurrent change of the session cannot be merged."""

    code = "session-conflict"
    is_final = False
    message = "Another request changed this session at the same time; try again."


@dataclass(kw_only=True, unsafe_hash=True)
class SessionTooLarge(Conflict):
    """The session does not fit into its store."""

    limit_bytes: int

    code = "session-too-large"
    is_final = False
    message = (
        "The session would exceed {limit_bytes} bytes; remove items from the cart or preferences."
    )
