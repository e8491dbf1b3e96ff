"""Sessions."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.admission import Visit
from shop.application.carts import PricedCart
from shop.application.ports.paging import Listing, Moment
from shop.domain.session import Session, SessionPolicy
from shop.domain.user import Role
from shop.entrypoints.http.cursors import moment_cursor
from shop.entrypoints.http.schemas.base import Answer, Body, Next, Time
from shop.entrypoints.http.schemas.carts import CartAnswer
from shop.entrypoints.http.schemas.preferences import Preferences
from shop.entrypoints.http.schemas.users import UserAnswer


class PreferencesPatch(Body):
    """A merge patch (RFC 7396) of a session."""

    preferences: Preferences


class SessionAnswer(Answer):
    """The visitor, as the shop knows them by now."""

    user: UserAnswer | None
    roles: Annotated[list[Role], Field(examples=[["customer"]])]
    preferences: Preferences
    cart: CartAnswer
    order_id: Annotated[
        UUID | None,
        Field(
            examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"],
            description="The order that was placed last.",
        ),
    ]
    expires_at: Annotated[
        Time | None, Field(description="When the session ends if it is not used again.")
    ]

    @classmethod
    def of(cls, visit: Visit | None, cart: PricedCart, policy: SessionPolicy) -> Self:
        """Render a visit; None is that of somebody whom the shop does not know."""
        if visit is None:
            return cls(
                user=None,
                roles=[],
                preferences={},
                cart=CartAnswer.of(cart),
                order_id=None,
                expires_at=None,
            )
        return cls(
            user=UserAnswer.of(visit.user) if visit.user else None,
            roles=sorted(visit.user.roles) if visit.user else [],
            preferences=dict(visit.session.preferences),
            cart=CartAnswer.of(cart),
            order_id=visit.session.order_id,
            expires_at=visit.session.expires_at(policy),
        )


class SessionItem(Answer):
    """One of my sessions; what opens it is told to nobody."""

    handle: Annotated[
        UUID,
        Field(
            examples=["01932b7e-8f3c-7a14-898a-1728394a5b6c"],
            description="By which to end it; it opens nothing.",
        ),
    ]
    current: Annotated[bool, Field(examples=[True], description="Whether it is the one in use.")]
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


class SessionList(Answer):
    """A page of my sessions, the newest first."""

    items: list[SessionItem]
    next: Next

    @classmethod
    def of(
        cls, sessions: Listing[Session, Moment], *, current: UUID, policy: SessionPolicy
    ) -> Self:
        """Render a page of sessions."""
        return cls(
            items=[
                SessionItem.of(session, current=current, policy=policy)
                for session in sessions.items
            ],
            next=moment_cursor(sessions.next),
        )
