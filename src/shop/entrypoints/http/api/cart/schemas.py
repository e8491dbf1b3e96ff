"""Schemas of the cart."""

from typing import Annotated, Self

from fastapi import Path
from pydantic import Field

from shop.application.checkout.cart_details import NewDetails
from shop.application.checkout.priced_cart import PricedCart, PricedLine
from shop.application.pricing.quote_cart import ShippingOption
from shop.application.pricing.rule_checks import MAX_AUTOMATIC_PROMOTIONS
from shop.domain.address import MAX_MEMBER_CHARACTERS, Address
from shop.domain.cart import MAX_LINES
from shop.domain.orders.order_details import MAX_CODES
from shop.domain.shared.money import Currency, Money
from shop.entrypoints.http.api.addresses.schemas import AddressInput, AddressResponse
from shop.entrypoints.http.api.cart.problem_schemas import CartProblemResponse, LineProblem
from shop.entrypoints.http.api.catalogue.product_fields import ProductName
from shop.entrypoints.http.api.catalogue.stock_schemas import Available
from shop.entrypoints.http.api.catalogue.variant_schemas import Options
from shop.entrypoints.http.api.price_schemas import (
    DiscountResponse,
    PromotionCode,
    TaxResponse,
    TotalsResponse,
)
from shop.entrypoints.http.api.rules.fields import RuleName, RuleSlug
from shop.entrypoints.http.api.rules.promotion_schemas import MAX_CODE_INPUT_CHARACTERS, CodeInput
from shop.entrypoints.http.api.rules.shipping_schemas import Estimate
from shop.entrypoints.http.email_addresses import NewEmail
from shop.entrypoints.http.schemas import (
    NEW_TEXT,
    Email,
    MoneyResponse,
    Quantity,
    RequestBody,
    ResponseBody,
    Sku,
    is_none,
)
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN

MAX_PROBLEMS = MAX_LINES + MAX_CODES + 1 + 2 * len(MAX_MEMBER_CHARACTERS)
"""One of each line and code, one of shipping, and those of two addresses."""

MAX_TAXES = 2 * MAX_LINES
MAX_DISCOUNTS = MAX_AUTOMATIC_PROMOTIONS + MAX_CODES
"""One of each promotion that needs no code, and one of each code: all may be combinable."""


class CartQuantity(RequestBody):
    """The quantity of a product in the cart."""

    quantity: Quantity


class CartDetailsPatch(RequestBody):
    """A merge patch of what is entered beside the lines; an address is given whole."""

    email: Annotated[
        NewEmail | None,
        Field(examples=["ada@example.com"], description="Where letters about the order go."),
    ] = None
    shipping_address: AddressInput | None = None
    billing_address: Annotated[
        AddressInput | None, Field(description="If it is not the shipping address.")
    ] = None
    shipping_method: Annotated[
        RuleSlug | None, NEW_TEXT, Field(examples=["parcel"], description="The code of one.")
    ] = None

    def to_details(self) -> NewDetails:
        """Return the members that were given; null removes one."""
        details = NewDetails()
        given = self.model_fields_set
        if "email" in given:
            details["email"] = self.email
        if "shipping_address" in given:
            details["shipping_address"] = _address(self.shipping_address)
        if "billing_address" in given:
            details["billing_address"] = _address(self.billing_address)
        if "shipping_method" in given:
            details["shipping_method"] = self.shipping_method
        return details


def _address(given: AddressInput | None) -> Address | None:
    return None if given is None else given.to_address()


PathCode = Annotated[
    str,
    Path(
        min_length=1,
        max_length=MAX_CODE_INPUT_CHARACTERS,
        pattern=SINGLE_LINE_PATTERN,
        examples=["WELCOME10"],
    ),
]


class NewCode(RequestBody):
    """A code to enter."""

    code: CodeInput


class CartLineResponse(ResponseBody):
    """A quantity of one product, at its present price."""

    sku: Sku
    name: Annotated[ProductName, Field(description="The SKU if the product does not exist.")]
    options: Options
    quantity: Quantity
    unit_price: Annotated[MoneyResponse, Field(description="0 if the product does not exist.")]
    amount: Annotated[MoneyResponse, Field(description="Before discounts.")]
    discount: Annotated[MoneyResponse, Field(description="The line's share of all discounts.")]
    tax: Annotated[MoneyResponse, Field(description="The line's share of all taxes.")]
    available: Annotated[
        Available, Field(description="On hand less reserved; 0 if the product is off sale.")
    ]
    problems: Annotated[
        list[LineProblem],
        Field(
            max_length=1,
            examples=[["out-of-stock"]],
            description="What stops the order of this line.",
        ),
    ]

    @classmethod
    def of(cls, line: PricedLine) -> Self:
        """Render a line of a cart."""
        return cls(
            sku=line.sku,
            name=line.name,
            options={each.name: each.value for each in line.options},
            quantity=line.quantity,
            unit_price=MoneyResponse.of(line.unit_price),
            amount=MoneyResponse.of(line.amount),
            discount=MoneyResponse.of(line.discount),
            tax=MoneyResponse.of(line.tax),
            available=line.available,
            problems=[LineProblem(code) for code in line.problems],
        )


class CartResponse(ResponseBody):
    """A cart at present prices, as its order would be decided."""

    lines: Annotated[list[CartLineResponse], Field(max_length=MAX_LINES)]
    email: Annotated[Email | None, Field(exclude_if=is_none)] = None
    shipping_address: Annotated[AddressResponse | None, Field(exclude_if=is_none)] = None
    billing_address: Annotated[AddressResponse | None, Field(exclude_if=is_none)] = None
    shipping_method: Annotated[RuleSlug | None, Field(exclude_if=is_none, examples=["parcel"])] = (
        None
    )
    codes: Annotated[
        list[PromotionCode],
        Field(max_length=MAX_CODES, description="The entered codes, in that order."),
    ]
    total: MoneyResponse
    totals: TotalsResponse
    taxes: Annotated[list[TaxResponse], Field(max_length=MAX_TAXES)]
    discounts: Annotated[list[DiscountResponse], Field(max_length=MAX_DISCOUNTS)]
    problems: Annotated[
        list[CartProblemResponse],
        Field(
            max_length=MAX_PROBLEMS,
            description="All that would stop the order; empty if the cart can be ordered.",
        ),
    ]

    @classmethod
    def of(cls, cart: PricedCart) -> Self:
        """Render a cart."""
        details, quote = cart.details, cart.quote
        currency = quote.currency
        return cls(
            lines=[CartLineResponse.of(line) for line in cart.lines],
            email=details.email,
            shipping_address=_shown(details.shipping_address),
            billing_address=_shown(details.billing_address),
            shipping_method=details.shipping_method,
            codes=list(details.codes or ()),
            total=MoneyResponse.of(cart.total),
            totals=TotalsResponse.of(quote.totals, currency),
            taxes=[TaxResponse.of(tax, currency) for tax in quote.taxes],
            discounts=[DiscountResponse.of(each, currency) for each in quote.discounts],
            problems=[CartProblemResponse.of(problem) for problem in cart.problems],
        )


def _shown(address: Address | None) -> AddressResponse | None:
    return None if address is None else AddressResponse.of(address)


class ShippingOptionResponse(ResponseBody):
    """A shipping method that serves the cart."""

    code: Annotated[RuleSlug, Field(examples=["parcel"])]
    name: Annotated[RuleName, Field(examples=["Parcel"])]
    price: Annotated[MoneyResponse, Field(description="Before discounts.")]
    estimate: Annotated[Estimate | None, Field(exclude_if=is_none)]

    @classmethod
    def of(cls, option: ShippingOption, currency: Currency) -> Self:
        """Render a method at its price for the cart."""
        return cls(
            code=option.method.code,
            name=option.method.name,
            price=MoneyResponse.of(Money(amount=option.price, currency=currency)),
            estimate=option.method.estimate,
        )


class ShippingOptionList(ResponseBody):
    """The shipping methods that serve the cart, the cheapest first."""

    items: list[ShippingOptionResponse]
