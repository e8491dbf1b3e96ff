"""Schemas of orders."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from shop.application.orders.queries import OrderView
from shop.application.ports.paging import Page, TimeCursor
from shop.domain.cart import MAX_LINES, Cart
from shop.domain.orders.order import Actor, Order, OrderLine, OrderStatus, StatusChange
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Money
from shop.entrypoints.http.api.catalogue.schemas import ProductName
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    CardToken,
    ClientSecret,
    MoneyInput,
    MoneyResponse,
    NextCursor,
    Quantity,
    RequestBody,
    ResponseBody,
    Simulated,
    Sku,
    Time,
)


class OrderLineInput(RequestBody):
    """A quantity of one product."""

    sku: Sku
    quantity: Quantity


class PaymentInput(RequestBody):
    """How to pay: from the customer's account, or with the card of the token."""

    method: Annotated[Literal["account", "card"], Field(examples=["card"])]
    token: Annotated[CardToken | None, Field(examples=["tok_visa"], validate_default=True)] = None

    @field_validator("token")
    @classmethod
    def _require_token_for_card(cls, token: str | None, info: ValidationInfo) -> str | None:
        match info.data.get("method"), token:
            case "card", None:
                raise ValueError("is required for a card payment")
            case "account", str():
                raise ValueError("is not allowed with the method account")
        return token


class NewOrder(RequestBody):
    """The lines to order (by default the session's cart) and how to pay."""

    lines: Annotated[list[OrderLineInput] | None, Field(min_length=1, max_length=MAX_LINES)] = None
    payment: PaymentInput
    expected_total: Annotated[
        MoneyInput | None,
        Field(
            examples=[{"amount": 1580, "currency": "EUR"}],
            description="Reject the order if its total differs.",
        ),
    ] = None

    def cart(self) -> Cart | None:
        """Return the cart, None for the session's; raise `InvalidValue` for too much."""
        if self.lines is None:
            return None
        return Cart.of(LineQuantity(sku=line.sku, quantity=line.quantity) for line in self.lines)

    def expected_total_money(self) -> Money | None:
        """Return the total that the customer expects, if given."""
        return None if self.expected_total is None else self.expected_total.to_money()


def status_code_for_order(order: Order) -> int:
    """Return the HTTP status for a placed order: 202 while it is pending, else 201."""
    is_pending = order.status is OrderStatus.PENDING
    return (HTTPStatus.ACCEPTED if is_pending else HTTPStatus.CREATED).value


class OrderLineResponse(ResponseBody):
    """A quantity of one product, at the price of the order."""

    sku: Sku
    name: ProductName
    quantity: Quantity
    unit_price: MoneyResponse
    amount: MoneyResponse

    @classmethod
    def of(cls, line: OrderLine) -> Self:
        """Render a line of an order."""
        return cls(
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            unit_price=MoneyResponse.of(line.unit_price),
            amount=MoneyResponse.of(line.amount),
        )


class PaymentResponse(ResponseBody):
    """The method and status of an order's payment."""

    method: Annotated[PaymentMethod, Field(examples=["account"])]
    status: Annotated[PaymentStatus, Field(examples=["captured"])]
    client_secret: ClientSecret = None
    simulated: Simulated = None


class OrderResponse(ResponseBody):
    """An order."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"])]
    number: Annotated[
        str,
        Field(examples=["7Q4M-2XKD-9R0B"], description="Easy to read aloud."),
    ]
    status: Annotated[OrderStatus, Field(examples=["paid"])]
    total: MoneyResponse
    lines: list[OrderLineResponse]
    payment: PaymentResponse
    placed_at: Time

    @classmethod
    def of(
        cls,
        order: Order,
        payment: Payment,
        *,
        simulated: bool | None = None,
        client_secret: str | None = None,
    ) -> Self:
        """Render an order, with the client secret if the customer must authenticate."""
        return cls(
            id=order.id,
            number=order.number,
            status=order.status,
            total=MoneyResponse.of(order.total),
            lines=[OrderLineResponse.of(line) for line in order.lines],
            payment=PaymentResponse(
                method=payment.method,
                status=payment.status,
                client_secret=client_secret,
                simulated=simulated,
            ),
            placed_at=order.placed_at,
        )


class OrderList(ResponseBody):
    """A page of orders, newest first."""

    items: list[OrderResponse]
    next: NextCursor

    @classmethod
    def of(cls, views: Page[OrderView, TimeCursor], *, simulated: bool | None) -> Self:
        """Render a page of orders."""
        return cls(
            items=[
                OrderResponse.of(view.order, view.payment, simulated=simulated)
                for view in views.items
            ],
            next=encode_time_cursor(views.next),
        )


class StatusChangeResponse(ResponseBody):
    """A change of an order's status."""

    from_status: Annotated[OrderStatus | None, Field(serialization_alias="from", examples=["paid"])]
    to_status: Annotated[OrderStatus, Field(serialization_alias="to", examples=["cancelled"])]
    actor: Annotated[Actor, Field(examples=["customer"])]
    at: Time

    @classmethod
    def of(cls, change: StatusChange) -> Self:
        """Render a status change."""
        return cls(
            from_status=None if change.from_status is None else OrderStatus(change.from_status),
            to_status=OrderStatus(change.to_status),
            actor=Actor(change.actor),
            at=change.created_at,
        )


class OrderHistory(ResponseBody):
    """All status changes of an order, oldest first."""

    items: list[StatusChangeResponse]
    next: None = None

    @classmethod
    def of(cls, changes: Sequence[StatusChange]) -> Self:
        """Render a history."""
        return cls(items=[StatusChangeResponse.of(each) for each in changes])
