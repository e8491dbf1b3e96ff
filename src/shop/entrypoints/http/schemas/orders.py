"""Orders."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from shop.application.orders.consult import OrderView
from shop.application.ports.paging import Listing, Moment
from shop.domain.cart import MAX_LINES, Cart, CartLine
from shop.domain.events import OrderEvent
from shop.domain.money import Money
from shop.domain.order import Actor, Order, OrderLine, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.entrypoints.http.cursors import moment_cursor
from shop.entrypoints.http.schemas.base import (
    Amount,
    Answer,
    Body,
    CardToken,
    ClientSecret,
    MoneyAnswer,
    Next,
    Quantity,
    Sku,
    Time,
)
from shop.entrypoints.http.schemas.products import ProductName


class WantedLine(Body):
    """A quantity of one product."""

    sku: Sku
    quantity: Quantity


class Means(Body):
    """How to pay: from the customer's account, or with the card for which the token stands."""

    method: Annotated[Literal["account", "card"], Field(examples=["card"])]
    token: Annotated[CardToken | None, Field(examples=["tok_visa"], validate_default=True)] = None

    @field_validator("token")
    @classmethod
    def _with_a_card_alone(cls, token: str | None, info: ValidationInfo) -> str | None:
        match info.data.get("method"), token:
            case "card", None:
                raise ValueError("a card is named by its token")
            case "account", str():
                raise ValueError("an account has no token")
        return token


class NewOrder(Body):
    """What to buy (the session's cart, where no lines are given), and how to pay."""

    lines: Annotated[list[WantedLine] | None, Field(min_length=1, max_length=MAX_LINES)] = None
    payment: Means
    expected_total: Annotated[
        Amount | None,
        Field(
            examples=[{"amount": 1580, "currency": "EUR"}],
            description="Refuse the order if it costs anything else.",
        ),
    ] = None

    def cart(self) -> Cart | None:
        """Return what to buy, or None for the session's cart; raise `RuleBroken` for too much."""
        if self.lines is None:
            return None
        return Cart.of(CartLine(sku=line.sku, quantity=line.quantity) for line in self.lines)

    def expected_money(self) -> Money | None:
        """Return what the customer was shown, if told."""
        return None if self.expected_total is None else self.expected_total.to_money()


def placed_status(order: Order) -> int:
    """Return the status of an answer to who has placed an order."""
    is_pending = order.status is OrderStatus.PENDING
    return (HTTPStatus.ACCEPTED if is_pending else HTTPStatus.CREATED).value


class OrderLineAnswer(Answer):
    """A quantity of one product, at the price at which it was ordered."""

    sku: Sku
    name: ProductName
    quantity: Quantity
    unit_price: MoneyAnswer
    amount: MoneyAnswer

    @classmethod
    def of(cls, line: OrderLine) -> Self:
        """Render a line of an order."""
        return cls(
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            unit_price=MoneyAnswer.of(line.unit_price),
            amount=MoneyAnswer.of(line.amount),
        )


class PaymentAnswer(Answer):
    """How an order is paid, and how far that has come."""

    method: Annotated[PaymentMethod, Field(examples=["account"])]
    status: Annotated[PaymentStatus, Field(examples=["captured"])]
    client_secret: ClientSecret = None


class OrderAnswer(Answer):
    """An order."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"])]
    number: Annotated[str, Field(examples=["7Q4M-2XKD-9R0B"], description="To read aloud.")]
    status: Annotated[OrderStatus, Field(examples=["paid"])]
    total: MoneyAnswer
    lines: list[OrderLineAnswer]
    payment: PaymentAnswer
    placed_at: Time

    @classmethod
    def of(cls, order: Order, payment: Payment, client_secret: str | None = None) -> Self:
        """Render an order, with the secret for the step that its card asks for."""
        return cls(
            id=order.id,
            number=order.number,
            status=order.status,
            total=MoneyAnswer.of(order.total),
            lines=[OrderLineAnswer.of(line) for line in order.lines],
            payment=PaymentAnswer(
                method=payment.method, status=payment.status, client_secret=client_secret
            ),
            placed_at=order.placed_at,
        )


class OrderList(Answer):
    """A page of orders, the newest first."""

    items: list[OrderAnswer]
    next: Next

    @classmethod
    def of(cls, views: Listing[OrderView, Moment]) -> Self:
        """Render a page of orders."""
        return cls(
            items=[OrderAnswer.of(view.order, view.payment) for view in views.items],
            next=moment_cursor(views.next),
        )


class Step(Answer):
    """One step in an order's life."""

    before: Annotated[OrderStatus | None, Field(serialization_alias="from", examples=["paid"])]
    after: Annotated[OrderStatus, Field(serialization_alias="to", examples=["cancelled"])]
    actor: Annotated[Actor, Field(examples=["customer"])]
    at: Time

    @classmethod
    def of(cls, event: OrderEvent) -> Self:
        """Render an event."""
        return cls(
            before=None if event.before is None else OrderStatus(event.before),
            after=OrderStatus(event.after),
            actor=Actor(event.actor),
            at=event.created_at,
        )


class History(Answer):
    """What happened to an order, in order, all on one page."""

    items: list[Step]
    next: None = None

    @classmethod
    def of(cls, events: Sequence[OrderEvent]) -> Self:
        """Render a history."""
        return cls(items=[Step.of(event) for event in events])
