"""Routes of shipments, deliveries and refunds, and of an order's history."""

from typing import Annotated

from fastapi import Query

from shop.application.orders.fulfil import RecordShipmentEvent
from shop.application.orders.refund import RefundOrder
from shop.domain.account import BalanceTooLarge
from shop.domain.orders.fulfilment import PaymentNotCaptured
from shop.domain.orders.order import OrderNotFound
from shop.domain.orders.refund import (
    NothingToRefund,
    NotPaidByCard,
    RefundExceedsPayment,
    ShippingAlreadyRefunded,
)
from shop.domain.orders.shipment import QuantityExceedsOrder, ShipmentEventKind
from shop.domain.shared.state_machine import IllegalTransition
from shop.entrypoints.http.api.fulfilment.history import OrderHistoryResponse
from shop.entrypoints.http.api.fulfilment.schemas import (
    NewRefund,
    NewShipmentEvent,
    RefundList,
    RefundResponse,
    ShipmentEventList,
    ShipmentEventResponse,
    line_quantities,
)
from shop.entrypoints.http.api.orders.routes import OrderId
from shop.entrypoints.http.api.pagination import LinkedPositionQuery, PositionQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import (
    AdminUser,
    CurrentResponseContext,
    FulfilOrdersDependency,
    Idempotent,
    OptionalKey,
    OrderQueriesDependency,
    RefundOrdersDependency,
)
from shop.entrypoints.http.openapi.document import (
    ADMIN_ERRORS,
    IDEMPOTENCY_ERRORS,
    SIGNED_IN_ERRORS,
    error_responses,
    idempotency_key_header,
)
from shop.entrypoints.http.order_access import BuyerOfSession, ReaderOfPath

router = api_router("orders", prefix="/api/v1/orders/{order_id}")

_FULFILMENT_ERRORS = (
    *ADMIN_ERRORS,
    *IDEMPOTENCY_ERRORS,
    OrderNotFound,
    IllegalTransition,
    PaymentNotCaptured,
    QuantityExceedsOrder,
)


@router.post(
    "/shipments",
    status_code=201,
    responses=error_responses(*_FULFILMENT_ERRORS),
    openapi_extra=idempotency_key_header("e7b3d9f1-6a20-4c85-b14d-7f9a1c3e5b68", required=False),
)
async def ship_order(
    order_id: OrderId,
    principal: AdminUser,
    key: OptionalKey,
    orders: FulfilOrdersDependency,
    response_context: CurrentResponseContext,
    body: NewShipmentEvent | None = None,
) -> ShipmentEventResponse:
    """Ship these lines of an order, or everything that is unshipped (admin).

    The order stays `paid` until all of it is shipped. With an idempotency key, the shipment is
    recorded exactly once.
    """
    command = RecordShipmentEvent(
        session=principal.token,
        order_id=order_id,
        kind=ShipmentEventKind.SHIPPED,
        lines=line_quantities(body),
        key=key,
    )
    return ShipmentEventResponse.of(response_context.unwrap(await orders.record(command)))


@router.get("/shipments", responses=error_responses(*SIGNED_IN_ERRORS, OrderNotFound))
async def list_shipments(
    order_id: OrderId,
    reader: ReaderOfPath,
    query: Annotated[LinkedPositionQuery, Query()],
    orders: OrderQueriesDependency,
) -> ShipmentEventList:
    """List the shipments of an order, oldest first."""
    events = await orders.shipment_events(reader, order_id, ShipmentEventKind.SHIPPED)
    return ShipmentEventList.of(events, query)


@router.post(
    "/deliveries",
    status_code=201,
    responses=error_responses(*_FULFILMENT_ERRORS),
    openapi_extra=idempotency_key_header("a9c5e1b7-8d42-4f06-93e8-1b3d5f7a9c20", required=False),
)
async def deliver_order(
    order_id: OrderId,
    principal: AdminUser,
    key: OptionalKey,
    orders: FulfilOrdersDependency,
    response_context: CurrentResponseContext,
    body: NewShipmentEvent | None = None,
) -> ShipmentEventResponse:
    """Record that these lines, or everything that was shipped, have arrived (admin).

    The order becomes `delivered` once all of it has been shipped and has arrived. With an
    idempotency key, the delivery is recorded exactly once.
    """
    command = RecordShipmentEvent(
        session=principal.token,
        order_id=order_id,
        kind=ShipmentEventKind.DELIVERED,
        lines=line_quantities(body),
        key=key,
    )
    return ShipmentEventResponse.of(response_context.unwrap(await orders.record(command)))


@router.get("/deliveries", responses=error_responses(*SIGNED_IN_ERRORS, OrderNotFound))
async def list_deliveries(
    order_id: OrderId,
    principal: BuyerOfSession,
    query: Annotated[PositionQuery, Query()],
    orders: OrderQueriesDependency,
) -> ShipmentEventList:
    """List the deliveries of an order, oldest first."""
    events = await orders.shipment_events(principal.buyer, order_id, ShipmentEventKind.DELIVERED)
    return ShipmentEventList.of(events, query)


@router.post(
    "/refunds",
    status_code=201,
    responses=error_responses(
        *ADMIN_ERRORS,
        *IDEMPOTENCY_ERRORS,
        OrderNotFound,
        IllegalTransition,
        PaymentNotCaptured,
        NotPaidByCard,
        QuantityExceedsOrder,
        RefundExceedsPayment,
        ShippingAlreadyRefunded,
        NothingToRefund,
        BalanceTooLarge,
    ),
    openapi_extra=idempotency_key_header("8d2f4b7a-51c9-4e36-a0d8-3f6b9c1e7a25"),
)
async def refund_order(
    order_id: OrderId,
    body: NewRefund,
    principal: AdminUser,
    keyed_request: Idempotent,
    orders: RefundOrdersDependency,
) -> RefundResponse:
    """Refund these lines, shipping, this amount, or the rest, exactly once per key (admin).

    Lines and shipping are refunded at what was paid for them: with their shares of discounts and
    taxes. The order becomes `refunded` once its whole payment is refunded. Goods that are refunded
    before they are shipped are no longer shipped.
    """
    command = RefundOrder(
        session=principal.token,
        key=keyed_request.key,
        order_id=order_id,
        refund_request=body.to_refund_request(),
    )
    return RefundResponse.of(keyed_request.response_context.unwrap(await orders.refund(command)))


@router.get("/refunds", responses=error_responses(*SIGNED_IN_ERRORS, OrderNotFound))
async def list_refunds(
    order_id: OrderId,
    principal: BuyerOfSession,
    query: Annotated[PositionQuery, Query()],
    orders: OrderQueriesDependency,
) -> RefundList:
    """List the refunds of an order, oldest first."""
    return RefundList.of(await orders.refunds(principal.buyer, order_id), query)


@router.get("/history", responses=error_responses(*SIGNED_IN_ERRORS, OrderNotFound))
async def show_order_history(
    order_id: OrderId,
    reader: ReaderOfPath,
    query: Annotated[LinkedPositionQuery, Query()],
    orders: OrderQueriesDependency,
) -> OrderHistoryResponse:
    """List the status changes, shipments, deliveries and refunds of an order, oldest first."""
    return OrderHistoryResponse.of(await orders.history(reader, order_id), query)
