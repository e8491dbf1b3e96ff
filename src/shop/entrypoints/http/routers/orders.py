"""Orders: place them, look at them, cancel them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from shop.application.orders.cancel import CancelOrder
from shop.application.orders.consult import OrderQuestion
from shop.application.orders.place import PlaceOrder
from shop.domain.account import BalanceTooLarge, InsufficientFunds
from shop.domain.cart import EmptyCart
from shop.domain.catalogue import ProductNotFound
from shop.domain.fulfilment import OrderUnderWay
from shop.domain.inventory import OutOfStock
from shop.domain.order import OrderNotFound, PriceChanged
from shop.domain.payment import CardDeclined, PaymentCancelled, PaymentExpired
from shop.domain.status import IllegalTransition
from shop.domain.user import Forbidden
from shop.entrypoints.http.dependencies import (
    SignedIn,
    ToCancelOrders,
    ToCheckOut,
    ToConsultOrders,
    UnderKey,
)
from shop.entrypoints.http.openapi import (
    TO_CHANGE_SESSIONS,
    TO_SIGNED_IN,
    UNDER_KEY,
    pending,
    refuses,
    takes_key,
)
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.base import Nothing
from shop.entrypoints.http.schemas.orders import (
    History,
    NewOrder,
    OrderAnswer,
    OrderList,
    placed_status,
)
from shop.entrypoints.http.schemas.pages import OrderPage

router = topic("orders", prefix="/api/v1/orders")

OrderId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"])]


@router.post(
    "",
    status_code=201,
    responses=pending(OrderAnswer)
    | refuses(
        *TO_SIGNED_IN,
        *TO_CHANGE_SESSIONS,
        *UNDER_KEY,
        EmptyCart,
        ProductNotFound,
        PriceChanged,
        OutOfStock,
        InsufficientFunds,
        CardDeclined,
        PaymentExpired,
        PaymentCancelled,
    ),
    openapi_extra=takes_key("1f0c9a52-6c1e-4b8f-9a36-0d7f3c2b1a09"),
)
async def place_order(
    body: NewOrder,
    submission: UnderKey,
    checkout: ToCheckOut,
    response: Response,
) -> OrderAnswer:
    """Buy these lines, or my cart, and pay: all of it or nothing, once under the key.

    While a card's answer is not known, the order is pending, and the answer 202: the same request
    under the same key asks again, and the order itself tells how it ended.
    """
    command = PlaceOrder(
        session=submission.token,
        key=submission.key,
        cart=body.cart(),
        card=body.payment.token,
        expected_total=body.expected_money(),
    )
    reply = await checkout.place(command)
    placed = submission.exchange.unwrap(reply)
    submission.exchange.hold(placed.issued)
    response.status_code = placed_status(placed.order)
    return OrderAnswer.of(placed.order, placed.payment, reply.client_secret)


@router.get("", responses=refuses(*TO_SIGNED_IN, Forbidden))
async def list_orders(
    visitor: SignedIn, query: Annotated[OrderPage, Query()], orders: ToConsultOrders
) -> OrderList:
    """List my orders, the newest first; an admin may ask for others'."""
    question = OrderQuestion(user=visitor.user, user_id=query.user_id, status=query.status)
    return OrderList.of(await orders.search(question, query.page()))


@router.get("/{order_id}", responses=refuses(*TO_SIGNED_IN, OrderNotFound))
async def show_order(order_id: OrderId, visitor: SignedIn, orders: ToConsultOrders) -> OrderAnswer:
    """Return an order of mine; an admin sees anybody's."""
    view = await orders.show(visitor.user, order_id)
    return OrderAnswer.of(view.order, view.payment)


@router.post(
    "/{order_id}/cancel",
    responses=refuses(
        *TO_SIGNED_IN, OrderNotFound, IllegalTransition, OrderUnderWay, BalanceTooLarge
    ),
)
async def cancel_order(
    order_id: OrderId,
    visitor: SignedIn,
    orders: ToCancelOrders,
    _: Nothing | None = None,
) -> OrderAnswer:
    """Cancel an order that has not left yet: stock and money go back."""
    cancelled = await orders.cancel(CancelOrder(session=visitor.token, order_id=order_id))
    return OrderAnswer.of(cancelled.order, cancelled.payment)


@router.get("/{order_id}/history", responses=refuses(*TO_SIGNED_IN, OrderNotFound))
async def show_order_history(
    order_id: OrderId, visitor: SignedIn, orders: ToConsultOrders
) -> History:
    """Tell what happened to an order, in order."""
    return History.of(await orders.history(visitor.user, order_id))
