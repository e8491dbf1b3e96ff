"""Orders."""

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
    Sku,
    Time,
)


class OrderLineInput(RequestBody):
    """A quantity of one product."""

    sku: Sku
    quantity: Quantity


class PaymentInput(RequestBody):
    """How to pay: from the customer's account, or with the card for which the token stands."""

    method: Annotated[Literal["account", "card"], Field(examples=["card"])]
    token: Annotated[CardToken | None, Field(examples=["tok_visa"], validate_default=True)] = None

    @field_validator("token")
    @classmethod
    def _require_token_for_card(cls, token: str | None, info: ValidationInfo) -> str | None:
        match info.data.get("method"), token:
            case "card", None:
                raise ValueError("a card is named by its token")
            case "account", str():
                raise ValueError("an account has no token")
        return token


class NewOrder(RequestBody):
    """What to buy (the session's cart, where no lines are given), and how to pay."""

    lines: Annotated[list[OrderLineInput] | None, Field(min_length=1, max_length=MAX_LINES)] = None
    payment: PaymentInput
    expected_total: Annotated[
        MoneyInput | None,
        Field(
            examples=[{"amount": 1580, "currency": "EUR"}],
            description="Refuse the order if it costs anything else.",
        ),
    ] = None

    def cart(self) -> Cart | None:
        """Return what to buy, or None for the session's cart; raise `InvalidValue` for too much."""
        if self.lines is None:
            return None
        return Cart.of(LineQuantity(sku=line.sku, quantity=line.quantity) for line in self.lines)

    def expected_total_money(self) -> Money | None:
        """Return what the customer was shown, if told."""
        return None if self.expected_total is None else self.expected_total.to_money()


def status_code_for_order(order: Order) -> int:
    """Return the status of an answer to who has placed an order."""
    is_pending = order.status is OrderStatus.PENDING
    return (HTTPStatus.ACCEPTED if is_pending else HTTPStatus.CREATED).value


class OrderLineResponse(ResponseBody):
    """A quantity of one product, at the price at which it was ordered."""

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
    """How an order is paid, and how far that has come."""

    method: Annotated[PaymentMethod, Field(examples=["account"])]
    status: Annotated[PaymentStatus, Field(examples=["captured"])]
    client_secret: ClientSecret = None


class OrderResponse(ResponseBody):
    """An order."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"])]
    number: Annotated[str, Field(examples=["7Q4M-2XKD-9R0B"], description="To read aloud.")]
    status: Annotated[OrderStatus, Field(examples=["paid"])]
    total: MoneyResponse
    lines: list[OrderLineResponse]
    payment: PaymentResponse
    placed_at: Time

    @classmethod
    def of(cls, order: Order, payment: Payment, client_secret: str | None = None) -> Self:
        """Render an order, with the secret for the step that its card asks for."""
        return cls(
            id=order.id,
            number=order.number,
            status=order.status,
            total=MoneyResponse.of(order.total),
            lines=[OrderLineResponse.of(line) for line in order.lines],
            payment=PaymentResponse(
                method=payment.method, status=payment.status, client_secret=client_secret
            ),
            placed_at=order.placed_at,
        )


class OrderList(ResponseBody):
    """A page of orders, the newest first."""

    items: list[OrderResponse]
    next: NextCursor

    @classmethod
    def of(cls, views: Page[OrderView, TimeCursor]) -> Self:
        """Render a page of orders."""
        return cls(
            items=[OrderResponse.of(view.order, view.payment) for view in views.items],
            next=encode_time_cursor(views.next),
        )


class StatusChangeResponse(ResponseBody):
    """One step in an order's life."""

    from_status: Annotated[OrderStatus | None, Field(serialization_alias="from", examples=["paid"])]
    to_status: Annotated[OrderStatus, Field(serialization_alias="to", examples=["cancelled"])]
    actor: Annotated[Actor, Field(examples=["customer"])]
    at: Time

    @classmethod
    def of(cls, change: StatusChange) -> Self:
        """Render an event."""
        return cls(
            from_status=None if change.from_status is None else OrderStatus(change.from_status),
            to_status=OrderStatus(change.to_status),
            actor=Actor(change.actor),
            at=change.created_at,
        )


class OrderHistory(ResponseBody):
    """What happened to an order, in order, all on one page."""

    items: list[StatusChangeResponse]
    next: None = None

    @classmethod
    def of(cls, changes: Sequence[StatusChange]) -> Self:
        """Render a history."""
        return cls(items=[StatusChangeResponse.of(event) for event in changes])
