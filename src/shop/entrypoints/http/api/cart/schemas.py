"""Schemas of the cart."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from shop.application.checkout.cart import PricedCart, PricedLine
from shop.domain.cart import MAX_LINES, EmptyCart
from shop.domain.cart_problems import CartProblem, NotForSale
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import OutOfStock
from shop.entrypoints.http.api.catalogue.product_fields import ProductName
from shop.entrypoints.http.api.catalogue.stock_schemas import Available
from shop.entrypoints.http.api.catalogue.variant_schemas import Options
from shop.entrypoints.http.schemas import MoneyResponse, Quantity, RequestBody, ResponseBody, Sku


class LineProblem(StrEnum):
    """The code of what stops the order of one line."""

    PRODUCT_NOT_FOUND = ProductNotFound.code
    NOT_FOR_SALE = NotForSale.code
    OUT_OF_STOCK = OutOfStock.code


class CartProblemCode(StrEnum):
    """The code of what stops the order of a cart."""

    EMPTY_CART = EmptyCart.code
    PRODUCT_NOT_FOUND = ProductNotFound.code
    NOT_FOR_SALE = NotForSale.code
    OUT_OF_STOCK = OutOfStock.code


def _is_none(value: object) -> bool:
    return value is None


class CartQuantity(RequestBody):
    """The quantity of a product in the cart."""

    quantity: Quantity


class CartLineResponse(ResponseBody):
    """A quantity of one product, at its present price."""

    sku: Sku
    name: Annotated[ProductName, Field(description="The SKU if the product does not exist.")]
    options: Options
    quantity: Quantity
    unit_price: Annotated[MoneyResponse, Field(description="0 if the product does not exist.")]
    amount: MoneyResponse
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
            available=line.available,
            problems=[LineProblem(code) for code in line.problems],
        )


class CartProblemResponse(ResponseBody):
    """What stops the order of a cart, with the members of the order's error."""

    code: Annotated[CartProblemCode, Field(examples=["out-of-stock"])]
    sku: Annotated[Sku | None, Field(exclude_if=_is_none)] = None
    requested: Annotated[Quantity | None, Field(exclude_if=_is_none)] = None
    available: Annotated[Available | None, Field(exclude_if=_is_none)] = None

    @classmethod
    def of(cls, problem: CartProblem) -> Self:
        """Render a problem of a cart."""
        return cls(
            code=CartProblemCode(problem.code),
            sku=problem.sku,
            requested=problem.requested,
            available=problem.available,
        )


class CartResponse(ResponseBody):
    """A cart at present prices."""

    lines: Annotated[list[CartLineResponse], Field(max_length=MAX_LINES)]
    total: MoneyResponse
    problems: Annotated[
        list[CartProblemResponse],
        Field(
            max_length=MAX_LINES,
            description="All that would stop the order; empty if the cart can be ordered.",
        ),
    ]

    @classmethod
    def of(cls, cart: PricedCart) -> Self:
        """Render a cart."""
        return cls(
            lines=[CartLineResponse.of(line) for line in cart.lines],
            total=MoneyResponse.of(cart.total),
            problems=[CartProblemResponse.of(problem) for problem in cart.problems],
        )
