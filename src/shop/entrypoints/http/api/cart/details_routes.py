"""Routes of what is entered beside the lines of my cart: addresses, shipping and codes."""

from shop.application.checkout.cart_details import AddCode, ChangeCartDetails, RemoveCode
from shop.domain.pricing.quote_errors import CodeNotApplicable, CodeNotFound, CodeUsedUp
from shop.domain.rate_limit import TooManyRequests
from shop.entrypoints.http.api.cart.schemas import (
    CartDetailsPatch,
    CartResponse,
    NewCode,
    PathCode,
    ShippingOptionList,
    ShippingOptionResponse,
)
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AnyUser,
    CartDetailsDependency,
    ClientAddress,
    CurrentResponseContext,
    LimitedCodesDependency,
    PoliciesDependency,
    SessionOrNewVisitor,
)
from shop.entrypoints.http.middleware.content_type import MERGE_PATCH
from shop.entrypoints.http.openapi.document import (
    SESSION_ERRORS,
    SESSION_WRITE_ERRORS,
    error_responses,
)

router = api_router("cart", prefix="/api/v1/cart")

_AS_MERGE_PATCH = {
    "requestBody": {
        "content": {MERGE_PATCH: {"schema": {"$ref": "#/components/schemas/CartDetailsPatch"}}}
    }
}


@router.patch(
    "",
    responses=error_responses(*SESSION_ERRORS, *SESSION_WRITE_ERRORS, TooManyRequests),
    openapi_extra=_AS_MERGE_PATCH,
)
async def change_cart_details(
    body: CartDetailsPatch,
    principal: SessionOrNewVisitor,
    details: CartDetailsDependency,
    response_context: CurrentResponseContext,
) -> CartResponse:
    """Change e-mail address, addresses or shipping of my cart: null removes a member."""
    command = ChangeCartDetails(session=principal.token, details=body.to_details())
    changed = await details.change(command)
    response_context.update_session(changed.current_session)
    return CartResponse.of(changed.cart)


@router.get("/shipping-methods", responses=error_responses(*SESSION_ERRORS))
async def list_cart_shipping_methods(
    principal: AnyUser, details: CartDetailsDependency, policies: PoliciesDependency
) -> ShippingOptionList:
    """List the shipping methods that serve my cart, the cheapest first.

    Without a shipping address, only those where goods are picked up do.
    """
    options = await details.shipping_methods(principal.current_session)
    currency = policies.pricing.currency
    return ShippingOptionList(items=[ShippingOptionResponse.of(each, currency) for each in options])


@router.post(
    "/codes",
    responses=error_responses(
        *SESSION_ERRORS,
        *SESSION_WRITE_ERRORS,
        CodeNotFound,
        CodeNotApplicable,
        CodeUsedUp,
        TooManyRequests,
    ),
)
async def add_cart_code(
    body: NewCode,
    principal: SessionOrNewVisitor,
    address: ClientAddress,
    codes: LimitedCodesDependency,
    response_context: CurrentResponseContext,
) -> CartResponse:
    """Add the code of a promotion to my cart; a code that cannot be used changes nothing."""
    command = AddCode(session=principal.token, code=body.code)
    changed = await codes.add(command, principal.current_session, address)
    response_context.update_session(changed.current_session)
    return CartResponse.of(changed.cart)


@router.delete("/codes/{code}", responses=error_responses(*SESSION_ERRORS, *SESSION_WRITE_ERRORS))
async def remove_cart_code(
    code: PathCode,
    principal: AnyUser,
    details: CartDetailsDependency,
    response_context: CurrentResponseContext,
) -> CartResponse:
    """Remove a code from my cart, whether it is there or not."""
    changed = await details.remove_code(RemoveCode(session=principal.token, code=code))
    response_context.update_session(changed.current_session)
    return CartResponse.of(changed.cart)
