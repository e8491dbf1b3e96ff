"""Routes of the session's cart, which works before sign-in."""

from shop.application.checkout.cart import PutCartLine, RemoveCartLine
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.rate_limit import TooManyRequests
from shop.entrypoints.http.api.cart.schemas import CartQuantity, CartResponse
from shop.entrypoints.http.api.catalogue.variant_routes import PathSku
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AnyUser,
    CartServiceDependency,
    ClientAddress,
    CurrentResponseContext,
    LimitedCartDependency,
    SessionTokenFromCookie,
)
from shop.entrypoints.http.openapi.document import (
    SESSION_ERRORS,
    SESSION_WRITE_ERRORS,
    error_responses,
)

router = api_router("cart", prefix="/api/v1/cart")


@router.get("", responses=error_responses(*SESSION_ERRORS))
async def show_cart(principal: AnyUser, carts: CartServiceDependency) -> CartResponse:
    """Return my cart at present prices."""
    return CartResponse.of(await carts.show(principal.current_session))


@router.put(
    "/lines/{sku}",
    responses=error_responses(
        *SESSION_ERRORS, *SESSION_WRITE_ERRORS, ProductNotFound, TooManyRequests
    ),
)
async def put_cart_line(
    sku: PathSku,
    body: CartQuantity,
    token: SessionTokenFromCookie,
    address: ClientAddress,
    carts: LimitedCartDependency,
    response_context: CurrentResponseContext,
) -> CartResponse:
    """Set the quantity of a product in my cart."""
    command = PutCartLine(session=token, sku=sku, quantity=body.quantity)
    changed = await carts.put(command, address)
    response_context.update_session(changed.current_session)
    return CartResponse.of(changed.cart)


@router.delete("/lines/{sku}", responses=error_responses(*SESSION_ERRORS, *SESSION_WRITE_ERRORS))
async def remove_cart_line(
    sku: PathSku,
    principal: AnyUser,
    carts: CartServiceDependency,
    response_context: CurrentResponseContext,
) -> CartResponse:
    """Remove a product from my cart."""
    changed = await carts.remove(RemoveCartLine(session=principal.token, sku=sku))
    response_context.update_session(changed.current_session)
    return CartResponse.of(changed.cart)


@router.delete("", responses=error_responses(*SESSION_ERRORS, *SESSION_WRITE_ERRORS))
async def clear_cart(
    principal: AnyUser, carts: CartServiceDependency, response_context: CurrentResponseContext
) -> CartResponse:
    """Remove everything from my cart."""
    changed = await carts.clear(principal.token)
    response_context.update_session(changed.current_session)
    return CartResponse.of(changed.cart)
