"""Routes by which staff find customers, keep them out, and end their sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shop.application.identity.access import ChangeAccess, EndSessions
from shop.application.transactions.runner import after_commit
from shop.domain.user import UserNotFound
from shop.entrypoints.http.api.identity.customers import (
    CustomerList,
    CustomerPatch,
    CustomerResponse,
)
from shop.entrypoints.http.api.pagination import CustomerQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AccessServiceDependency,
    AdminUser,
    CustomerQueriesDependency,
)
from shop.entrypoints.http.openapi.document import ADMIN_ERRORS, error_responses

router = api_router("users and sessions", prefix="/api/v1/users")

UserId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01"])]


@router.get("", responses=error_responses(*ADMIN_ERRORS))
async def list_customers(
    principal: AdminUser,
    query: Annotated[CustomerQuery, Query()],
    customers: CustomerQueriesDependency,
) -> CustomerList:
    """List the customers with their accounts and orders, newest first (admin)."""
    found = await customers.search(
        principal.user, query.q, query.to_page_request(), includes_guests=query.guests
    )
    return CustomerList.of(found)


@router.get("/{user_id}", responses=error_responses(*ADMIN_ERRORS, UserNotFound))
async def show_customer(
    user_id: UserId, principal: AdminUser, customers: CustomerQueriesDependency
) -> CustomerResponse:
    """Return a customer with the account and orders (admin)."""
    return CustomerResponse.of_view(await customers.show(principal.user, user_id))


@router.patch("/{user_id}", responses=error_responses(*ADMIN_ERRORS, UserNotFound))
async def change_customer(
    user_id: UserId,
    body: CustomerPatch,
    principal: AdminUser,
    access: AccessServiceDependency,
    customers: CustomerQueriesDependency,
) -> CustomerResponse:
    """Disable a user, who is signed out everywhere at once, or enable the user again (admin).

    Or put the user into groups.
    """
    command = ChangeAccess(
        session=principal.token,
        user_id=user_id,
        enabled=None if body.disabled is None else not body.disabled,
        groups=None if body.groups is None else frozenset(body.groups),
    )
    await access.change(command)
    log = principal.response_context.log_security_event
    if body.disabled is not None:
        log("user_disabled" if body.disabled else "user_enabled", of_user_id=str(user_id))
    if body.groups is not None:
        log("groups_changed", of_user_id=str(user_id), groups=" ".join(sorted({*body.groups})))
    with after_commit():
        view = await customers.show(principal.user, user_id)
    return CustomerResponse.of_view(view)


@router.delete(
    "/{user_id}/sessions",
    status_code=204,
    response_class=Response,
    response_description="All sessions of the user are revoked.",
    responses=error_responses(*ADMIN_ERRORS, UserNotFound),
)
async def end_sessions_of_customer(
    user_id: UserId, principal: AdminUser, access: AccessServiceDependency
) -> None:
    """Sign a user out everywhere (admin)."""
    ended = await access.end_sessions(EndSessions(session=principal.token, user_id=user_id))
    principal.response_context.log_security_event(
        "sessions_of_user_revoked", of_user_id=str(user_id), revoked_count=ended
    )
