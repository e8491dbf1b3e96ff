"""Schemas of placed orders."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.orders.queries import OrderView
from shop.application.ports.paging import Page, TimeCursor
from shop.domain.address import Address
from shop.domain.orders.fulfilment import Fulfilment
from shop.domain.orders.order import Order, OrderLine, OrderStatus
from shop.domain.payment import Payment, PaymentMethod, PaymentStatus
from shop.domain.pricing.kept_line import KeptLine
from shop.domain.shared.line_quantity import MAX_QUANTITY
from shop.domain.shared.money import Money
from shop.domain.user import User
from shop.entrypoints.http.api.addresses.schemas import AddressResponse
from shop.entrypoints.http.api.catalogue.product_fields import ProductName
from shop.entrypoints.http.api.catalogue.variant_schemas import Options
from shop.entrypoints.http.api.price_schemas import DiscountResponse, TaxResponse, TotalsResponse
from shop.entrypoints.http.api.rules.fields import RuleSlug
from shop.entrypoints.http.payment_action import RequiredAction
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    ClientSecret,
    Email,
    Guest,
    MoneyResponse,
    NextCursor,
    PaymentAction,
    Quantity,
    ResponseBody,
    Simulated,
    Sku,
    Time,
    is_none,
)

# Not enumerations, whose values take a call to read.
_ACCEPTED, _CREATED = int(HTTPStatus.ACCEPTED), int(HTTPStatus.CREATED)


def status_code_for_order(order: Order) -> int:
    """Return the HTTP status for a placed order: 202 while it is pending, else 201."""
    return _ACCEPTED if order.status is OrderStatus.PENDING else _CREATED


_QuantitySoFar = Annotated[int, Field(ge=0, le=MAX_QUANTITY, examples=[0])]
_NONE: Mapping[str, int] = {}


class OrderLineResponse(ResponseBody):
    """A quantity of one product, at the price of the order."""

    sku: Sku
    name: ProductName
    options: Options
    quantity: Quantity
    unit_price: MoneyResponse
    amount: Annotated[MoneyResponse, Field(description="Before discounts.")]
    discount: Annotated[MoneyResponse, Field(description="The line's share of all discounts.")]
    tax: Annotated[MoneyResponse, Field(description="The line's share of all taxes.")]
    shipped: Annotated[_QuantitySoFar, Field(description="How many have been shipped.")]
    refunded: Annotated[_QuantitySoFar, Field(description="How many have been refunded.")]

    @classmethod
    def of(cls, line: OrderLine, kept: KeptLine | None, *, shipped: int, refunded: int) -> Self:
        """Render a line of an order; that of a plain order has no discount and no tax."""
        currency = line.unit_price.currency
        return cls(
            sku=line.sku,
            name=line.name,
            options={each.name: each.value for each in line.options},
            quantity=line.quantity,
            unit_price=MoneyResponse.of(line.unit_price),
            amount=MoneyResponse.of(line.amount),
            discount=MoneyResponse(amount=kept.discount if kept else 0, currency=currency),
            tax=MoneyResponse(amount=kept.tax if kept else 0, currency=currency),
            shipped=shipped,
            refunded=refunded,
        )


class OrderCustomer(ResponseBody):
    """The customer who placed an order."""

    id: Annotated[UUID, Field(examples=["01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01"])]
    name: Annotated[str, Field(examples=["Ada Lovelace"])]
    email: Annotated[str, Field(examples=["ada@example.com"])]
    guest: Guest = None

    @classmethod
    def of(cls, user: User, order: Order) -> Self:
        """Render the customer of an order; a guest's address is that of the order."""
        email = order.details.email if user.is_guest else user.email
        return cls(id=user.id, name=user.name, email=email or "", guest=user.is_guest or None)


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
    totals: TotalsResponse
    lines: list[OrderLineResponse]
    discounts: list[DiscountResponse]
    taxes: list[TaxResponse]
    payment: PaymentResponse
    refunded: Annotated[MoneyResponse, Field(description="The sum of the order's refunds.")]
    placed_at: Time
    email: Annotated[
        Email | None, Field(description="Where letters about the order go; else to its customer.")
    ] = None
    shipping_address: AddressResponse | None = None
    billing_address: AddressResponse | None = None
    shipping_method: Annotated[RuleSlug | None, Field(examples=["parcel"])] = None
    user: Annotated[
        OrderCustomer | None,
        Field(exclude_if=is_none, description="The customer; for admins only."),
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
        currency, pricing, details = order.total.currency, order.pricing, order.details
        kept = [None] * len(order.lines) if pricing is None else pricing.lines
        return cls(
            id=order.id,
            number=order.number,
            status=order.status,
            total=MoneyResponse.of(order.total),
            totals=TotalsResponse.of(order.totals, currency),
            lines=[
                OrderLineResponse.of(
                    line,
                    kept_line,
                    shipped=shipped.get(line.sku, 0),
                    refunded=refunded.get(line.sku, 0),
                )
                for line, kept_line in zip(order.lines, kept, strict=True)
            ],
            discounts=[
                DiscountResponse.of(each, currency)
                for each in (pricing.discounts if pricing else ())
            ],
            taxes=[TaxResponse.of(each, currency) for each in (pricing.taxes if pricing else ())],
            email=details.email,
            shipping_address=_address(details.shipping_address),
            billing_address=_address(details.billing_address),
            shipping_method=details.shipping_method,
            payment=PaymentResponse(
                method=payment.method,
                status=payment.status,
                client_secret=None if action is None else action.client_secret,
                action=None if action is None else action.response,
                simulated=simulated,
            ),
            refunded=MoneyResponse.of(
                Money.zero(currency) if fulfilment is None else fulfilment.refunded_amount
            ),
            placed_at=order.placed_at,
            user=None if customer is None else OrderCustomer.of(customer, order),
        )


def _address(address: Address | None) -> AddressResponse | None:
    return None if address is None else AddressResponse.of(address)


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
