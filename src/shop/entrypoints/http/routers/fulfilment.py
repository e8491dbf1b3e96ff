"""What becomes of orders once they are paid: shipments, deliveries and refunds."""

from shop.application.orders.fulfil import HandOver
from shop.application.orders.refund import RefundOrder
from shop.domain.account import BalanceTooLarge
from shop.domain.fulfilment import MoneyNotTaken
from shop.domain.handover import HandoverKind, NotSoManyLeft
from shop.domain.order import OrderNotFound
from shop.domain.refund import NotPaidByCard, RefundTooLarge
from shop.domain.status import IllegalTransition
from shop.entrypoints.http.dependencies import (
    Admin,
    SignedIn,
    ToConsultOrders,
    ToFulfilOrders,
    ToRefundOrders,
    UnderKey,
)
from shop.entrypoints.http.openapi import (
    TO_ADMINS,
    TO_SIGNED_IN,
    UNDER_KEY,
    refuses,
    takes_key,
)
from shop.entrypoints.http.routers.orders import OrderId
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.fulfilment import (
    HandoverAnswer,
    HandoverList,
    NewHandover,
    NewRefund,
    RefundAnswer,
    RefundList,
    pieces,
)

router = topic("orders", prefix="/api/v1/orders/{order_id}")

_TO_FULFIL = (*TO_ADMINS, OrderNotFound, IllegalTransition, MoneyNotTaken, NotSoManyLeft)


@router.post("/shipments", status_code=201, responses=refuses(*_TO_FULFIL))
async def ship_order(
    order_id: OrderId, visitor: Admin, orders: ToFulfilOrders, body: NewHandover | None = None
) -> HandoverAnswer:
    """Ship these lines of an order, or all that has not left (admin).

    The order is shipped once all of it has left; until then it is paid.
    """
    command = HandOver(
        session=visitor.token,
        order_id=order_id,
        kind=HandoverKind.SHIPMENT,
        lines=pieces(body),
    )
    return HandoverAnswer.of(await orders.hand_over(command))


@router.get("/shipments", responses=refuses(*TO_SIGNED_IN, OrderNotFound))
async def list_shipments(
    order_id: OrderId, visitor: SignedIn, orders: ToConsultOrders
) -> HandoverList:
    """Tell what was shipped of an order, in order."""
    found = await orders.handovers(visitor.user, order_id, HandoverKind.SHIPMENT)
    return HandoverList.of(found)


@router.post("/deliveries", status_code=201, responses=refuses(*_TO_FULFIL))
async def deliver_order(
    order_id: OrderId, visitor: Admin, orders: ToFulfilOrders, body: NewHandover | None = None
) -> HandoverAnswer:
    """Note that these lines have arrived, or all that was shipped (admin).

    The order is delivered once all of it has left and arrived.
    """
    command = HandOver(
        session=visitor.token,
        order_id=order_id,
        kind=HandoverKind.DELIVERY,
        lines=pieces(body),
    )
    return HandoverAnswer.of(await orders.hand_over(command))


@router.get("/deliveries", responses=refuses(*TO_SIGNED_IN, OrderNotFound))
async def list_deliveries(
    order_id: OrderId, visitor: SignedIn, orders: ToConsultOrders
) -> HandoverList:
    """Tell what has arrived of an order, in order."""
    found = await orders.handovers(visitor.user, order_id, HandoverKind.DELIVERY)
    return HandoverList.of(found)


@router.post(
    "/refunds",
    status_code=201,
    responses=refuses(
        *TO_ADMINS,
        *UNDER_KEY,
        OrderNotFound,
        IllegalTransition,
        MoneyNotTaken,
        NotPaidByCard,
        NotSoManyLeft,
        RefundTooLarge,
        BalanceTooLarge,
    ),
    openapi_extra=takes_key("8d2f4b7a-51c9-4e36-a0d8-3f6b9c1e7a25"),
)
async def refund_order(
    order_id: OrderId,
    body: NewRefund,
    visitor: Admin,
    submission: UnderKey,
    orders: ToRefundOrders,
) -> RefundAnswer:
    """Give back these lines, this amount, or all that is left, once under the key (admin).

    The order is refunded once all of its money went back. What is refunded before it has left is
    not shipped any more.
    """
    command = RefundOrder(
        session=visitor.token, key=submission.key, order_id=order_id, wish=body.wish()
    )
    return RefundAnswer.of(submission.exchange.unwrap(await orders.refund(command)))


@router.get("/refunds", responses=refuses(*TO_SIGNED_IN, OrderNotFound))
async def list_refunds(order_id: OrderId, visitor: SignedIn, orders: ToConsultOrders) -> RefundList:
    """Tell what went back of an order, in order."""
    return RefundList.of(await orders.refunds(visitor.user, order_id))
