"""Schemas of shipments, deliveries and refunds."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from shop.domain.account import MAX_NOTE_CHARACTERS
from shop.domain.cart import MAX_LINES
from shop.domain.orders.order import Actor
from shop.domain.orders.refund import Refund, RefundLine, RefundRequest, RefundStatus
from shop.domain.orders.shipment import ShipmentEvent
from shop.domain.payment import PaymentMethod
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import Currency, Money
from shop.entrypoints.http.api.orders.new_order import OrderLineInput
from shop.entrypoints.http.api.pagination import PositionQuery
from shop.entrypoints.http.schemas import (
    NEW_TEXT,
    MoneyInput,
    MoneyResponse,
    NextCursor,
    Quantity,
    RequestBody,
    ResponseBody,
    Sku,
    Time,
    is_none,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

_Lines = Annotated[list[OrderLineInput] | None, Field(min_length=1, max_length=MAX_LINES)]
_Reason = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_NOTE_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["A cup arrived broken"],
    ),
    NEW_TEXT,
]


class NewShipmentEvent(RequestBody):
    """The lines that were shipped or have arrived; without lines, all that remain."""

    lines: _Lines = None


class NewRefund(RequestBody):
    """What to refund.

    Lines, and shipping if requested, are refunded at what was paid for them unless an amount is
    given. An amount without lines concerns no goods. Without any of the three, the rest of the
    payment is refunded.
    """

    lines: _Lines = None
    shipping: Annotated[
        bool,
        Field(
            examples=[False],
            description="Whether to refund shipping too; it can be refunded once.",
        ),
    ] = False
    amount: Annotated[
        MoneyInput | None,
        Field(
            examples=[{"amount": 1580, "currency": "EUR"}],
            description="At most the part of the payment that has not been refunded.",
        ),
    ] = None
    reason: _Reason
    to: Annotated[
        Literal["card", "account"] | None,
        Field(examples=["account"], description="Without it, money goes back where it came from."),
    ] = None
    restock: Annotated[
        bool, Field(examples=[True], description="Whether to return the goods to stock.")
    ] = False

    def to_refund_request(self) -> RefundRequest:
        """Return the refund request; raise `InvalidValue` for an impossible one."""
        return RefundRequest(
            lines=_line_quantities(self.lines),
            shipping=self.shipping,
            amount=None if self.amount is None else self.amount.to_money(),
            to=None if self.to is None else PaymentMethod(self.to),
            reason=self.reason,
            restock=self.restock,
        )


def line_quantities(body: NewShipmentEvent | None) -> tuple[LineQuantity, ...]:
    """Return the lines of a body; none means all that remain."""
    return _line_quantities(None if body is None else body.lines)


def _line_quantities(lines: Sequence[OrderLineInput] | None) -> tuple[LineQuantity, ...]:
    return tuple(LineQuantity(sku=line.sku, quantity=line.quantity) for line in lines or ())


class LineQuantityResponse(ResponseBody):
    """A quantity of one product."""

    sku: Sku
    quantity: Quantity


class ShipmentEventResponse(ResponseBody):
    """Lines of an order that were shipped, or delivered, together."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a15-9c2d-5b6c7d8e9f01"])]
    lines: list[LineQuantityResponse]
    actor: Annotated[Actor, Field(examples=["admin"])]
    created_at: Time

    @classmethod
    def of(cls, event: ShipmentEvent) -> Self:
        """Render a shipment event."""
        return cls(
            id=event.id,
            lines=[
                LineQuantityResponse(sku=each.sku, quantity=each.quantity) for each in event.lines
            ],
            actor=event.actor,
            created_at=event.created_at,
        )


class ShipmentEventList(ResponseBody):
    """A page of the shipments, or the deliveries, of an order, oldest first."""

    items: list[ShipmentEventResponse]
    next: NextCursor

    @classmethod
    def of(cls, events: Sequence[ShipmentEvent], query: PositionQuery) -> Self:
        """Render a page of shipment events."""
        selected, following = query.select(events)
        return cls(items=[ShipmentEventResponse.of(each) for each in selected], next=following)


class RefundLineResponse(LineQuantityResponse):
    """A refunded quantity of one product, and the part of the refund that is for it."""

    amount: Annotated[
        MoneyResponse | None,
        Field(
            exclude_if=is_none,
            description="Missing in refunds from before lines had it.",
        ),
    ]
    tax: Annotated[
        MoneyResponse | None,
        Field(exclude_if=is_none, description="The tax in the amount."),
    ]

    @classmethod
    def of(cls, line: RefundLine, currency: Currency) -> Self:
        """Render a line of a refund."""
        return cls(
            sku=line.sku,
            quantity=line.quantity,
            amount=None if line.amount is None else _money(line.amount, currency),
            tax=None if line.tax is None else _money(line.tax, currency),
        )


class RefundResponse(ResponseBody):
    """A refund: succeeded, or pending until the gateway has refunded the card."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a16-8d3e-6c7d8e9f0a12"])]
    amount: MoneyResponse
    shipping_amount: Annotated[
        MoneyResponse, Field(description="The part of the amount that is for shipping.")
    ]
    tax: Annotated[MoneyResponse, Field(description="The tax of the lines and of shipping.")]
    to: Annotated[PaymentMethod, Field(examples=["account"])]
    reason: _Reason
    lines: list[RefundLineResponse]
    restocked: bool
    status: Annotated[RefundStatus, Field(examples=["succeeded"])]
    actor: Annotated[Actor, Field(examples=["admin"])]
    created_at: Time

    @classmethod
    def of(cls, refund: Refund) -> Self:
        """Render a refund."""
        currency = refund.amount.currency
        return cls(
            id=refund.id,
            amount=MoneyResponse.of(refund.amount),
            shipping_amount=_money(refund.shipping_amount, currency),
            tax=_money(refund.tax, currency),
            to=refund.to,
            reason=refund.reason,
            lines=[RefundLineResponse.of(each, currency) for each in refund.lines],
            restocked=refund.restocked,
            status=refund.status,
            actor=refund.actor,
            created_at=refund.created_at,
        )


class RefundList(ResponseBody):
    """A page of the refunds of an order, oldest first."""

    items: list[RefundResponse]
    next: NextCursor

    @classmethod
    def of(cls, refunds: Sequence[Refund], query: PositionQuery) -> Self:
        """Render a page of refunds."""
        selected, following = query.select(refunds)
        return cls(items=[RefundResponse.of(each) for each in selected], next=following)


def _money(amount: int, currency: Currency) -> MoneyResponse:
    return MoneyResponse.of(Money(amount=amount, currency=currency))
