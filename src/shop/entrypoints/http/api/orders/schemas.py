"""Schemas of orders."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from shop.application.orders.queries import OrderView
from shop.application.ports.paging import Page, TimeCursor
from shop.domain.cart import MAX_LINES, Cart
from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Order, OrderLine, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.shared.line_quantity import MAX_QUANTITY, LineQuantity
from shop.domain.shared.money import Money
from shop.domain.user import User
from shop.entrypoints.http.api.catalogue.product_fields import ProductName
from shop.entrypoints.http.api.catalogue.variant_schemas import Options
from shop.entrypoints.http.payment_action import RequiredAction
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    CardToken,
    ClientSecret,
    MoneyInput,
    MoneyResponse,
    NextCursor,
    PaymentAction,
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


_QuantitySoFar = Annotated[int, Field(ge=0, le=MAX_QUANTITY, examples=[0])]
_NONE: Mapping[str, int] = {}


class OrderLineResponse(ResponseBody):
    """A quantity of one product, at the price of the order."""

    sku: Sku
    name: ProductName
    options: Options
    quantity: Quantity
    unit_price: MoneyResponse
    amount: MoneyResponse
    shipped: Annotated[_QuantitySoFar, Field(description="How many have been shipped.")]
    refunded: Annotated[_QuantitySoFar, Field(description="How many have been refunded.")]

    @classmethod
    def of(cls, line: OrderLine, *, shipped: int, refunded: int) -> Self:
        """Render a line of an order."""
        return cls(
            sku=line.sku,
            name=line.name,
            options={each.name: each.value for each in line.options},
            quantity=line.quantity,
            unit_price=MoneyResponse.of(line.unit_price),
            amount=MoneyResponse.of(line.amount),
            shipped=shipped,
            refunded=refunded,
        )


class OrderCustomer(ResponseBody):
    """The customer who placed an order."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01"])]
    name: Annotated[str, Field(examples=["Ada Lovelace"])]
    email: Annotated[str, Field(examples=["ada@example.com"])]

    @classmethod
    def of(cls, user: User) -> Self:
        """Render the customer of an order."""
        return cls(id=user.id, name=user.name, email=user.email)


class PaymentResponse(ResponseBody):
    """The method and status of an order's payment."""

    method: Annotated[PaymentMethod, Field(examples=["account"])]
    status: Annotated[PaymentStatus, Field(examples=["captured"])]
    client_secret: ClientSecret = None
    action: PaymentAction = None
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
    refunded: Annotated[MoneyResponse, Field(description="The sum of the order's refunds.")]
    placed_at: Time
    user: Annotated[
        OrderCustomer | None,
        Field(exclude_if=lambda user: user is None, description="The customer; for admins only."),
    ] = None

    @classmethod
    def of_view(cls, view: OrderView, *, simulated: bool | None) -> Self:
        """Render an order with its shipments and refunds, and its customer for an admin."""
        return cls.of(
            view.order,
            view.payment,
            simulated=simulated,
            fulfilment=view.fulfilment if view.fulfilment.has_started else None,
            customer=view.customer,
        )

    @classmethod
    def of(
        cls,
        order: Order,
        payment: Payment,
        *,
        simulated: bool | None = None,
        action: RequiredAction | None = None,
        fulfilment: Fulfilment | None = None,
        customer: User | None = None,
    ) -> Self:
        """Render an order; without fulfilment, nothing of it was shipped or refunded."""
        shipped = _NONE if fulfilment is None else fulfilment.shipped
        refunded = _NONE if fulfilment is None else fulfilment.refunded
        return cls(
            id=order.id,
            number=order.number,
            status=order.status,
            total=MoneyResponse.of(order.total),
            lines=[
                OrderLineResponse.of(
                    line,
                    shipped=shipped.get(line.sku, 0),
                    refunded=refunded.get(line.sku, 0),
                )
                for line in order.lines
            ],
            payment=PaymentResponse(
                method=payment.method,
                status=payment.status,
                client_secret=None if action is None else action.client_secret,
                action=None if action is None else action.response,
                simulated=simulated,
            ),
            refunded=MoneyResponse.of(
                Money.zero(order.total.currency)
                if fulfilment is None
                else fulfilment.refunded_amount
            ),
            placed_at=order.placed_at,
            user=None if customer is None else OrderCustomer.of(customer),
        )


class OrderList(ResponseBody):
    """A page of orders, newest first."""

    items: list[OrderResponse]
    next: NextCursor

    @classmethod
    def of(cls, views: Page[OrderView, TimeCursor], *, simulated: bool | None) -> Self:
        """Render a page of orders."""
        return cls(
            items=[OrderResponse.of_view(view, simulated=simulated) for view in views.items],
            next=encode_time_cursor(views.next),
        )
