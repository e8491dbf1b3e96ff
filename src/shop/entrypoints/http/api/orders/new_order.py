"""Schemas of an order to place."""

from dataclasses import fields
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from shop.domain.address import Address
from shop.domain.cart import MAX_LINES, Cart
from shop.domain.orders.order_details import MAX_CODES, NO_DETAILS, OrderDetails
from shop.domain.shared.line_quantity import LineQuantity
from shop.domain.shared.money import MAX_AMOUNT, Money
from shop.entrypoints.http.api.addresses.schemas import AddressInput
from shop.entrypoints.http.api.rules.fields import RuleSlug
from shop.entrypoints.http.api.rules.promotion_schemas import CodeInput
from shop.entrypoints.http.email_addresses import NewEmail
from shop.entrypoints.http.schemas import CardToken, MoneyInput, Quantity, RequestBody, Sku


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


class ExpectedTotalInput(MoneyInput):
    """What an order is expected to cost, in whole minor units (cents) of a currency; maybe 0."""

    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT, examples=[1580])]


class NewOrder(RequestBody):
    """What to order, for whom, and how to pay; what is not given is the cart's."""

    lines: Annotated[list[OrderLineInput] | None, Field(min_length=1, max_length=MAX_LINES)] = None
    payment: Annotated[
        PaymentInput | None, Field(description="Required unless the order costs nothing.")
    ] = None
    email: Annotated[
        NewEmail | None,
        Field(examples=["ada@example.com"], description="Where letters about the order go."),
    ] = None
    shipping_address: Annotated[
        AddressInput | None,
        Field(description="Required if something is shipped and the shop has shipping zones."),
    ] = None
    billing_address: Annotated[
        AddressInput | None, Field(description="If it is not the shipping address.")
    ] = None
    shipping_method: Annotated[
        RuleSlug | None,
        Field(
            examples=[None],
            description="The code of a method that serves the address, in the place of the cart's.",
        ),
    ] = None
    codes: Annotated[
        list[CodeInput] | None,
        Field(
            max_length=MAX_CODES,
            examples=[[]],
            description="Codes of promotions, in the place of the cart's.",
        ),
    ] = None
    expected_total: Annotated[
        ExpectedTotalInput | None,
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

    def details(self) -> OrderDetails:
        """Return what is given beside the lines."""
        if _DETAILS.isdisjoint(self.model_fields_set):
            return NO_DETAILS
        details = OrderDetails(
            email=self.email,
            shipping_address=_address(self.shipping_address),
            billing_address=_address(self.billing_address),
            shipping_method=self.shipping_method,
            codes=None if self.codes is None else tuple(self.codes),
        )
        return NO_DETAILS if details.is_empty else details


_DETAILS = frozenset(each.name for each in fields(OrderDetails))


def _address(given: AddressInput | None) -> Address | None:
    return None if given is None else given.to_address()
