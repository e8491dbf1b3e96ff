"""The route of sign-up."""

from shop.application.identity.sign_up import SignUp
from shop.domain.rate_limit import TooManyRequests
from shop.domain.user import EmailTaken
from shop.entrypoints.http.api.identity.users import NewUser, SignedUpResponse, UserResponse
from shop.entrypoints.http.api.ledger.schemas import AccountResponse
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    ClientAddress,
    CurrentResponseContext,
    LimitedSignInDependency,
    SessionTokenFromCookie,
)
from shop.entrypoints.http.openapi.document import SESSION_WRITE_ERRORS, error_responses

router = api_router("users and sessions", prefix="/api/v1")


@router.post(
    "/users",
    status_code=201,
    responses=error_responses(EmailTaken, TooManyRequests, *SESSION_WRITE_ERRORS),
)
async def sign_up(
    body: NewUser,
    token: SessionTokenFromCookie,
    address: ClientAddress,
    service: LimitedSignInDependency,
    response_context: CurrentResponseContext,
) -> SignedUpResponse:
    """Sign up as a customer with an account, and sign in; the cart is kept."""
    command = SignUp(session=token, name=body.name, email=body.email, password=body.password)
    signed_up = await service.sign_up(command, address)
    response_context.update_session(signed_up.current_session)
    response_context.log_security_event("signed_up")
    return SignedUpResponse(
        user=UserResponse.of(signed_up.user), account=AccountResponse.of(signed_up.account)
    )
