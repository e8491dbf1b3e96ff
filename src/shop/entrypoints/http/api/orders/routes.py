"""Routes of orders: place, show, list and cancel."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from shop.application.checkout.placement_batch import PlaceOrder
from shop.application.orders.cancel import CancelOrder
from shop.application.orders.queries import OrderSearch
from shop.domain.account import BalanceTooLarge, InsufficientFunds
from shop.domain.cart import EmptyCart
from shop.domain.cart_problems import NotForSale
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import OutOfStock
from shop.domain.orders.fulfilment import OrderPartlyFulfilled
from shop.domain.orders.order import OrderNotFound, TooManyPendingOrders
from shop.domain.orders.price_changed import PriceChanged
from shop.domain.payment import CardDeclined, PaymentCancelled, PaymentExpired
from shop.domain.pricing.quote_errors import (
    AddressRequired,
    CodeNotApplicable,
    CodeNotFound,
    CodeUsedUp,
    ShippingUnavailable,
)
from shop.domain.rate_limit import TooManyRequests
from shop.domain.shared.state_machine import IllegalTransition
from shop.domain.user import Forbidden
from shop.entrypoints.http.api.orders.new_order import NewOrder
from shop.entrypoints.http.api.orders.schemas import (
    OrderList,
    OrderResponse,
    status_code_for_order,
)
from shop.entrypoints.http.api.pagination import OrderLinkQuery, OrderQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    CancelOrdersDependency,
    CheckoutDependency,
    CurrentResponseContext,
    Idempotent,
    OptionalKey,
    OrderQueriesDependency,
)
from shop.entrypoints.http.openapi.document import (
    IDEMPOTENCY_ERRORS,
    SESSION_WRITE_ERRORS,
    SIGNED_IN_ERRORS,
    error_responses,
    idempotency_key_header,
    pending,
)
from shop.entrypoints.http.order_access import BuyerOfSession, OrderOfPath
from shop.entrypoints.http.payment_action import RequiredAction, pending_headers
from shop.entrypoints.http.schemas import EmptyBody

router = api_router("orders", prefix="/api/v1/orders")

OrderId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"])]


@router.post(
    "",
    status_code=201,
    responses=pending(OrderResponse)
    | error_responses(
        *SIGNED_IN_ERRORS,
        *SESSION_WRITE_ERRORS,
        *IDEMPOTENCY_ERRORS,
        Forbidden,
        EmptyCart,
        ProductNotFound,
        NotForSale,
        CodeNotFound,
        CodeUsedUp,
        CodeNotApplicable,
        AddressRequired,
        ShippingUnavailable,
        PriceChanged,
        OutOfStock,
        InsufficientFunds,
        CardDeclined,
        PaymentExpired,
        PaymentCancelled,
        TooManyPendingOrders,
        TooManyRequests,
    ),
    openapi_extra=idempotency_key_header("1f0c9a52-6c1e-4b8f-9a36-0d7f3c2b1a09"),
)
async def place_order(
    body: NewOrder,
    keyed_request: Idempotent,
    checkout: CheckoutDependency,
    request: Request,
    response: Response,
) -> OrderResponse:
    """Order these lines, or my cart, and pay: all or nothing, exactly once per key.

    The price is that of the cart: with discounts, shipping and taxes. An order that costs nothing
    needs no payment. In a shop that allows guests, a visitor with a session orders by card and with
    an e-mail address; the session stays signed out, and sees its own orders.

    While a card payment has no outcome, the order is `pending` and the status is 202. Send the
    request again with the same key, or read the order, to learn the outcome.
    """
    command = PlaceOrder(
        session=keyed_request.token,
        key=keyed_request.key,
        cart=body.cart(),
        card=None if body.payment is None else body.payment.token,
        expected_total=body.expected_total_money(),
        has_payment=body.payment is not None,
        details=body.details(),
    )
    result = await checkout.place(command)
    # Also a rejection may have changed the session of a guest.
    keyed_request.response_context.set_session_cookie(result.new_token)
    placed = keyed_request.response_context.unwrap(result)
    keyed_request.response_context.set_session_cookie(placed.new_token)
    response.status_code = status_code_for_order(placed.order)
    if response.status_code == HTTPStatus.ACCEPTED:
        response.headers.update(pending_headers(f"{router.prefix}/{placed.id}"))
    return OrderResponse.of(
        placed.order,
        placed.payment,
        simulated=keyed_request.response_context.payments_are_simulated,
        action=RequiredAction.of(result.action, request),
    )


@router.get("", responses=error_responses(*SIGNED_IN_ERRORS, Forbidden))
async def list_orders(
    principal: BuyerOfSession, query: Annotated[OrderQuery, Query()], orders: OrderQueriesDependency
) -> OrderList:
    """List my orders, newest first.

    An admin gets all customers' orders with `all` or any filter, and each order's customer.
    """
    search = OrderSearch(
        user=principal.buyer,
        includes_all_users=query.includes_all_users,
        user_id=query.user_id,
        status=query.status,
        words=query.q,
        placed_after=query.placed_after,
        placed_before=query.placed_before,
    )
    found = await orders.search(search, query.to_page_request())
    return OrderList.of(found, simulated=principal.response_context.payments_are_simulated)


@router.get("/{order_id}", responses=error_responses(*SIGNED_IN_ERRORS, OrderNotFound))
async def show_order(
    order_id: OrderId,
    found: OrderOfPath,
    response_context: CurrentResponseContext,
    query: Annotated[OrderLinkQuery, Query()],
) -> OrderResponse:
    """Return one of my orders; an admin can read every order, and a link opens its own."""
    del order_id, query  # The order was read with the session, or by the link.
    return OrderResponse.of_view(found.view, simulated=response_context.payments_are_simulated)


@router.post(
    "/{order_id}/cancel",
    responses=error_responses(
        *SIGNED_IN_ERRORS,
        *IDEMPOTENCY_ERRORS,
        OrderNotFound,
        IllegalTransition,
        OrderPartlyFulfilled,
        BalanceTooLarge,
    ),
    openapi_extra=idempotency_key_header("d1f7b3e9-4c68-4a02-8e5b-3d7f9b1c5a84", required=False),
)
async def cancel_order(
    order_id: OrderId,
    principal: BuyerOfSession,
    key: OptionalKey,
    orders: CancelOrdersDependency,
    response_context: CurrentResponseContext,
    _: EmptyBody | None = None,
) -> OrderResponse:
    """Cancel an order before anything is shipped; return its stock and money.

    With an idempotency key, a repeated request gets the same response.
    """
    command = CancelOrder(session=principal.token, order_id=order_id, key=key)
    cancelled = response_context.unwrap(await orders.cancel(command))
    return OrderResponse.of(
        cancelled.order,
        cancelled.payment,
        simulated=principal.response_context.payments_are_simulated,
        customer=cancelled.customer,
    )
