"""Routes of sessions: sign-in, sign-out, preferences and passwords."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shop.application.identity.sessions import ChangePreferences, RevokeSession
from shop.application.identity.sign_in import ChangePassword, SignIn
from shop.application.transactions.runner import after_commit
from shop.domain.orders.order import SessionHasNoOrder
from shop.domain.rate_limit import TooManyRequests
from shop.domain.session import SessionNotFound
from shop.domain.shared.errors import InvalidValue
from shop.domain.user import InvalidCredentials, WrongPassword, normalise_email
from shop.entrypoints.http.api.identity.sessions import (
    PreferencesPatch,
    SessionList,
    SessionResponse,
)
from shop.entrypoints.http.api.identity.users import Credentials, PasswordChange
from shop.entrypoints.http.api.orders.schemas import OrderResponse
from shop.entrypoints.http.api.pagination import TimeCursorQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AccountHashDependency,
    AnyUser,
    CartServiceDependency,
    ClientAddress,
    CurrentResponseContext,
    LimitedSignInDependency,
    OrderQueriesDependency,
    PoliciesDependency,
    SessionOrNewVisitor,
    SessionServiceDependency,
    SessionTokenFromCookie,
    SignedInUser,
)
from shop.entrypoints.http.middleware.content_type import MERGE_PATCH
from shop.entrypoints.http.openapi.document import (
    CLEARS_THE_SITE,
    SESSION_ERRORS,
    SESSION_WRITE_ERRORS,
    SIGNED_IN_ERRORS,
    error_responses,
)

router = api_router("users and sessions", prefix="/api/v1")

SessionHandle = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a14-898a-1728394a5b6c"])]

_AS_MERGE_PATCH = {
    "requestBody": {
        "content": {MERGE_PATCH: {"schema": {"$ref": "#/components/schemas/PreferencesPatch"}}}
    }
}


@router.get("/session", responses=error_responses(*SESSION_ERRORS))
async def show_session(
    principal: AnyUser, carts: CartServiceDependency, policies: PoliciesDependency
) -> SessionResponse:
    """Return my session; without one, the user is null and the cart is empty."""
    cart = await carts.show(principal.current_session)
    return SessionResponse.of(principal.current_session, cart, policies.session)


@router.post(
    "/session",
    responses=error_responses(InvalidCredentials, TooManyRequests, *SESSION_WRITE_ERRORS),
)
async def sign_in(
    body: Credentials,
    token: SessionTokenFromCookie,
    address: ClientAddress,
    service: LimitedSignInDependency,
    carts: CartServiceDependency,
    policies: PoliciesDependency,
    response_context: CurrentResponseContext,
    hash_of_account: AccountHashDependency,
) -> SessionResponse:
    """Sign in, with a new session id; the cart is kept."""
    response_context.trace_account(hash_of_account(_comparable(body.email)))
    command = SignIn(session=token, email=body.email, password=body.password)
    current_session = await service.sign_in(command, address)
    response_context.update_session(current_session)
    response_context.log_security_event("signed_in")
    with after_commit():
        cart = await carts.show(current_session)
    return SessionResponse.of(current_session, cart, policies.session)


@router.patch(
    "/session",
    responses=error_responses(*SESSION_ERRORS, *SESSION_WRITE_ERRORS, TooManyRequests),
    openapi_extra=_AS_MERGE_PATCH,
)
async def change_preferences(
    body: PreferencesPatch,
    principal: SessionOrNewVisitor,
    sessions: SessionServiceDependency,
    carts: CartServiceDependency,
    policies: PoliciesDependency,
    response_context: CurrentResponseContext,
) -> SessionResponse:
    """Change my preferences: members of the patch replace mine, null removes them."""
    command = ChangePreferences(session=principal.token, patch=body.preferences)
    current_session = await sessions.change_preferences(command)
    response_context.update_session(current_session)
    with after_commit():
        cart = await carts.show(current_session)
    return SessionResponse.of(current_session, cart, policies.session)


@router.delete(
    "/session",
    status_code=204,
    response_class=Response,
    response_description="The session is revoked.",
    responses={204: CLEARS_THE_SITE},
)
async def sign_out(
    token: SessionTokenFromCookie,
    sessions: SessionServiceDependency,
    response_context: CurrentResponseContext,
) -> None:
    """Sign out: revoke the session, and let the browser clear this site's data."""
    response_context.clear_site_data(await sessions.sign_out(token))
    response_context.log_security_event("signed_out")


@router.get("/session/order", responses=error_responses(*SESSION_ERRORS, SessionHasNoOrder))
async def show_session_order(principal: AnyUser, orders: OrderQueriesDependency) -> OrderResponse:
    """Return the last order of this session; a visitor has none before the first one."""
    view = await orders.for_session(principal.current_session)
    return OrderResponse.of_view(view, simulated=principal.response_context.payments_are_simulated)


@router.get("/sessions", responses=error_responses(*SIGNED_IN_ERRORS))
async def list_sessions(
    principal: SignedInUser,
    query: Annotated[TimeCursorQuery, Query()],
    sessions: SessionServiceDependency,
    policies: PoliciesDependency,
) -> SessionList:
    """List my sessions on all devices."""
    page = await sessions.list_for_user(principal.user, query.to_page_request())
    return SessionList.of(
        page, current=principal.existing_session.session.id, policy=policies.session
    )


@router.delete(
    "/sessions/{handle}",
    status_code=204,
    response_class=Response,
    response_description="The session is revoked.",
    responses=error_responses(*SIGNED_IN_ERRORS, SessionNotFound),
)
async def end_session(
    handle: SessionHandle,
    principal: SignedInUser,
    sessions: SessionServiceDependency,
    response_context: CurrentResponseContext,
) -> None:
    """Revoke one of my sessions; if it is this one, I am signed out."""
    await sessions.revoke(RevokeSession(session=principal.token, handle=handle))
    response_context.clear_session_cookie(when=handle == principal.existing_session.session.id)
    response_context.log_security_event("session_revoked", revoked_session_id=str(handle))


@router.delete(
    "/sessions",
    status_code=204,
    response_class=Response,
    response_description="All other sessions are revoked.",
    responses=error_responses(*SIGNED_IN_ERRORS),
)
async def end_other_sessions(
    principal: SignedInUser,
    sessions: SessionServiceDependency,
    response_context: CurrentResponseContext,
) -> None:
    """Revoke all of my sessions except this one."""
    await sessions.revoke_others(principal.token)
    response_context.log_security_event("other_sessions_revoked")


@router.post(
    "/password",
    status_code=204,
    response_class=Response,
    response_description="The password is changed.",
    responses=error_responses(
        *SIGNED_IN_ERRORS, *SESSION_WRITE_ERRORS, WrongPassword, TooManyRequests
    ),
)
async def change_password(
    body: PasswordChange,
    principal: SignedInUser,
    service: LimitedSignInDependency,
    response_context: CurrentResponseContext,
) -> None:
    """Change my password: this session gets a new id, all others are revoked."""
    command = ChangePassword(session=principal.token, current=body.current, new=body.new)
    session_id = principal.existing_session.session.id
    current_session = await service.change_password(command, session_id)
    response_context.update_session(current_session)
    response_context.log_security_event("password_changed")


def _comparable(address: str) -> str:
    try:
        return normalise_email(address)
    except InvalidValue:
        return address
