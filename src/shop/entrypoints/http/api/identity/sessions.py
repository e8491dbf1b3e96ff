"""Schemas of sessions."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.checkout.priced_cart import PricedCart
from shop.application.identity.authentication import CurrentSession
from shop.application.ports.paging import Page, TimeCursor
from shop.domain.session import Session, SessionPolicy
from shop.domain.user import Role
from shop.entrypoints.http.api.cart.schemas import CartResponse
from shop.entrypoints.http.api.identity.preferences import NewPreferences, Preferences
from shop.entrypoints.http.api.identity.users import UserResponse
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import NextCursor, RequestBody, ResponseBody, Time


class PreferencesPatch(RequestBody):
    """A merge patch (RFC 7396) of a session."""

    preferences: NewPreferences


class SessionResponse(ResponseBody):
    """A session with its user, preferences and cart."""

    user: UserResponse | None
    roles: Annotated[list[Role], Field(examples=[["customer"]])]
    preferences: Preferences
    cart: CartResponse
    order_id: Annotated[
        UUID | None,
        Field(
            examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"],
            description="The last order that was placed in this session.",
        ),
    ]
    expires_at: Annotated[
        Time | None, Field(description="When the session expires if it is not used again.")
    ]

    @classmethod
    def of(
        cls, current_session: CurrentSession | None, cart: PricedCart, policy: SessionPolicy
    ) -> Self:
        """Render a session; None is a visitor without one."""
        if current_session is None:
            return cls(
                user=None,
                roles=[],
                preferences={},
                cart=CartResponse.of(cart),
                order_id=None,
                expires_at=None,
            )
        return cls(
            user=UserResponse.of(current_session.user) if current_session.user else None,
            roles=sorted(current_session.user.roles) if current_session.user else [],
            preferences=dict(current_session.session.preferences),
            cart=CartResponse.of(cart),
            order_id=current_session.session.last_order_id,
            expires_at=current_session.session.expires_at(policy),
        )


class SessionSummary(ResponseBody):
    """One of my sessions, without its token."""

    handle: Annotated[
        UUID,
        Field(
            examples=["01932b7e-8f3c-7a14-898a-1728394a5b6c"],
            description="Identifies the session to revoke it; it cannot be used to sign in.",
        ),
    ]
    current: Annotated[bool, Field(examples=[True], description="Whether this request uses it.")]
    created_at: Time
    last_seen_at: Time
    signed_in_at: Time | None
    expires_at: Time

    @classmethod
    def of(cls, session: Session, *, current: UUID, policy: SessionPolicy) -> Self:
        """Render a session."""
        return cls(
            handle=session.id,
            current=session.id == current,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            signed_in_at=session.signed_in_at,
            expires_at=session.expires_at(policy),
        )


class SessionList(ResponseBody):
    """A page of my sessions, newest first."""

    items: list[SessionSummary]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[Session, TimeCursor], *, current: UUID, policy: SessionPolicy) -> Self:
        """Render a page of sessions."""
        return cls(
            items=[
                SessionSummary.of(session, current=current, policy=policy) for session in page.items
            ],
            next=encode_time_cursor(page.next),
        )
