"""The session: sign in and out, and what belongs to being signed in."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shop.application.sessions import ChangePassword, ChangePreferences, EndSession, SignIn
from shop.domain.order import NoOrder
from shop.domain.session import SessionNotFound
from shop.domain.user import WrongCredentials
from shop.entrypoints.http.dependencies import (
    Anyone,
    CurrentExchange,
    HeldToken,
    SignedIn,
    TheCarts,
    TheSessions,
    TheSettings,
    ToConsultOrders,
)
from shop.entrypoints.http.middleware.content_type import MERGE_PATCH
from shop.entrypoints.http.openapi import (
    CLEARS_THE_SITE,
    TO_CHANGE_SESSIONS,
    TO_SIGNED_IN,
    TO_VISITORS,
    refuses,
)
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.orders import OrderAnswer
from shop.entrypoints.http.schemas.pages import MomentPage
from shop.entrypoints.http.schemas.sessions import PreferencesPatch, SessionAnswer, SessionList
from shop.entrypoints.http.schemas.users import Credentials, PasswordChange

router = topic("users and sessions", prefix="/api/v1")

Handle = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a14-898a-1728394a5b6c"])]

_AS_MERGE_PATCH = {
    "requestBody": {
        "content": {MERGE_PATCH: {"schema": {"$ref": "#/components/schemas/PreferencesPatch"}}}
    }
}


@router.get("/session", responses=refuses(*TO_VISITORS))
async def show_session(visitor: Anyone, carts: TheCarts, settings: TheSettings) -> SessionAnswer:
    """Tell who I am to the shop; a visitor who is not known is nobody, with an empty cart."""
    cart = await carts.show(visitor.cart)
    return SessionAnswer.of(visitor.visit, cart, settings.session_policy)


@router.post("/session", responses=refuses(WrongCredentials, *TO_CHANGE_SESSIONS))
async def sign_in(
    body: Credentials,
    token: HeldToken,
    sessions: TheSessions,
    carts: TheCarts,
    settings: TheSettings,
    exchange: CurrentExchange,
) -> SessionAnswer:
    """Sign in, under a new session id; the cart comes along."""
    command = SignIn(session=token, email=body.email, password=body.password)
    visit = await sessions.sign_in(command)
    exchange.follow(visit)
    exchange.log("signed in")
    cart = await carts.show(visit.session.cart)
    return SessionAnswer.of(visit, cart, settings.session_policy)


@router.patch(
    "/session",
    responses=refuses(*TO_VISITORS, *TO_CHANGE_SESSIONS),
    openapi_extra=_AS_MERGE_PATCH,
)
async def change_preferences(
    body: PreferencesPatch,
    visitor: Anyone,
    sessions: TheSessions,
    carts: TheCarts,
    settings: TheSettings,
    exchange: CurrentExchange,
) -> SessionAnswer:
    """Change my preferences: what the patch names is replaced, and removed where it is null."""
    command = ChangePreferences(session=visitor.token, patch=body.preferences)
    visit = await sessions.change_preferences(command)
    exchange.follow(visit)
    cart = await carts.show(visit.session.cart)
    return SessionAnswer.of(visit, cart, settings.session_policy)


@router.delete(
    "/session",
    status_code=204,
    response_class=Response,
    response_description="The session is over.",
    responses={204: CLEARS_THE_SITE},
)
async def sign_out(token: HeldToken, sessions: TheSessions, exchange: CurrentExchange) -> None:
    """Sign out: the session ends for good, and the browser forgets this site."""
    exchange.end(await sessions.sign_out(token))
    exchange.log("signed out")


@router.get("/session/order", responses=refuses(*TO_SIGNED_IN, NoOrder))
async def show_session_order(visitor: SignedIn, orders: ToConsultOrders) -> OrderAnswer:
    """Return the order that this session tracks: the one placed last."""
    view = await orders.of_session(visitor.known_visit)
    return OrderAnswer.of(view.order, view.payment)


@router.get("/sessions", responses=refuses(*TO_SIGNED_IN))
async def list_sessions(
    visitor: SignedIn,
    query: Annotated[MomentPage, Query()],
    sessions: TheSessions,
    settings: TheSettings,
) -> SessionList:
    """List my sessions, on whatever device."""
    listing = await sessions.of_user(visitor.user, query.page())
    return SessionList.of(
        listing, current=visitor.known_visit.session.id, policy=settings.session_policy
    )


@router.delete(
    "/sessions/{handle}",
    status_code=204,
    response_class=Response,
    response_description="The session is over.",
    responses=refuses(*TO_SIGNED_IN, SessionNotFound),
)
async def end_session(
    handle: Handle, visitor: SignedIn, sessions: TheSessions, exchange: CurrentExchange
) -> None:
    """End one of my sessions; where it is this one, I am signed out."""
    await sessions.end(EndSession(session=visitor.token, handle=handle))
    exchange.forget(when=handle == visitor.known_visit.session.id)
    exchange.log("session ended", ended=str(handle))


@router.delete(
    "/sessions",
    status_code=204,
    response_class=Response,
    response_description="All of my other sessions are over.",
    responses=refuses(*TO_SIGNED_IN),
)
async def end_other_sessions(
    visitor: SignedIn, sessions: TheSessions, exchange: CurrentExchange
) -> None:
    """End all of my sessions but this one."""
    await sessions.end_others(visitor.token)
    exchange.log("other sessions ended")


@router.post(
    "/password",
    status_code=204,
    response_class=Response,
    response_description="The new password is the only one.",
    responses=refuses(*TO_SIGNED_IN, *TO_CHANGE_SESSIONS, WrongCredentials),
)
async def change_password(
    body: PasswordChange, visitor: SignedIn, sessions: TheSessions, exchange: CurrentExchange
) -> None:
    """Change my password: this session gets a new id, all others end."""
    command = ChangePassword(session=visitor.token, current=body.current, new=body.new)
    visit = await sessions.change_password(command)
    exchange.follow(visit)
    exchange.log("password changed")
