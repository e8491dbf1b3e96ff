"""Sessions: what the shop remembers of a visitor from one request to the next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from shop.domain.cart import Cart
from shop.domain.shared.errors import AccessDenied, Conflict, InvalidValue, NotFound
from shop.domain.user import Role, User

MAX_PREFERENCES_BYTES = 2048

Preferences = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """How long a session lives: unused, and at all. How often its last use is written down."""

    idle: timedelta
    absolute: timedelta

    @property
    def last_seen_interval(self) -> timedelta:
        """The time within which a second use is not worth a write."""
        return min(timedelta(minutes=1), self.idle / 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A visitor: signed in or not, with preferences, a cart and the order placed last.

    `version` counts its saves, so that two writers cannot both follow the same one.
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

    @classmethod
    def new(cls, *, id: UUID, at: datetime) -> "Session":  # noqa: A002  The field's own name.
        """Return the empty session of a visitor who is not signed in."""
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

    def expires_at(self, policy: SessionPolicy) -> datetime:
        """Return when the session ends if it is not used again."""
        return min(self.last_seen_at + policy.idle, self.created_at + policy.absolute)

    def is_expired(self, policy: SessionPolicy, now: datetime) -> bool:
        """Tell whether the session has ended by itself."""
        return now >= self.expires_at(policy)

    def used_at(self, at: datetime) -> "Session":
        """Return the session, used now."""
        return replace(self, last_seen_at=max(at, self.last_seen_at))

    def signed_in_as(self, user: User, *, at: datetime) -> "Session":
        """Return the session of this user from now on.

        What a visitor who was not signed in has chosen, and the user's own, comes along; what is
        another user's does not.
        """
        kept = self if self.user_id in {None, user.id} else Session.new(id=self.id, at=at)
        return replace(
            kept,
            user_id=user.id,
            roles=user.roles,
            signed_in_at=at,
            last_order_id=self.last_order_id if self.user_id == user.id else None,
            created_at=at,
            last_seen_at=at,
            version=self.version,
        )

    def with_roles(self, roles: frozenset[Role]) -> "Session":
        """Return the session after a change of privilege."""
        return replace(self, roles=roles)

    def with_cart(self, cart: Cart) -> "Session":
        """Return the session with another cart."""
        return replace(self, cart=cart)

    def with_last_order(self, order_id: UUID) -> "Session":
        """Return the session that tracks this order."""
        return replace(self, last_order_id=order_id)

    def with_preferences(self, patch: Preferences) -> "Session":
        """Return the session after a merge patch (RFC 7396) of its preferences.

        Raise `InvalidValue` past two kilobytes of JSON.
        """
        preferences = _merge(self.preferences, patch)
        size = len(json.dumps(preferences, ensure_ascii=False).encode())
        if size > MAX_PREFERENCES_BYTES:
            raise InvalidValue(
                field="preferences",
                rule=f"preferences take at most {MAX_PREFERENCES_BYTES} bytes, these take {size}",
            )
        return replace(self, preferences=preferences)


def _merge(target: object, patch: Mapping[str, object]) -> dict[str, object]:
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            merged[name] = _merge(merged.get(name), value)
        else:
            merged[name] = value
    return merged


class NotSignedIn(AccessDenied):
    """This takes a signed-in session."""

    code = "not-signed-in"
    message = "Sign in first."


class SessionExpired(AccessDenied):
    """The session has ended by itself."""

    code = "session-expired"
    message = "The session has expired; sign in again."


class SessionNotFound(NotFound):
    """No such session of this user."""

    code = "session-not-found"
    message = "There is no such session."


class SessionConflict(Conflict):
    """Another request changed the session at the same time, and the two cannot be merged."""

    code = "session-conflict"
    is_final = False
    message = "Another request changed this session at the same time; try again."


@dataclass(kw_only=True, unsafe_hash=True)
class SessionTooLarge(Conflict):
    """The session would not fit where it is kept."""

    limit_bytes: int

    code = "session-too-large"
    is_final = False
    message = "The session would take more than {limit_bytes} bytes; take something out."
