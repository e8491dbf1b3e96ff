"""Schemas of the cart."""

from typing import Annotated, Self

from pydantic import Field

from shop.application.checkout.cart import PricedCart, PricedLine
from shop.domain.cart import MAX_LINES
from shop.entrypoints.http.api.catalogue.schemas import Available, ProductName
from shop.entrypoints.http.schemas import MoneyResponse, Quantity, RequestBody, ResponseBody, Sku


class CartQuantity(RequestBody):
    """The quantity of a product in the cart."""

    quantity: Quantity


class CartLineResponse(ResponseBody):
    """A quantity of one product, at its present price."""

    sku: Sku
    name: ProductName
    quantity: Quantity
    unit_price: MoneyResponse
    amount: MoneyResponse
    available: Available

    @classmethod
    def of(cls, line: PricedLine) -> Self:
        """Render a line of a cart."""
        return cls(
            sku=line.product.sku,
            name=line.product.name,
            quantity=line.quantity,
            unit_price=MoneyResponse.of(line.product.price),
            amount=MoneyResponse.of(line.amount),
            available=line.available,
        )


class CartResponse(ResponseBody):
    """A cart at present prices."""

    lines: Annotated[list[CartLineResponse], Field(max_length=MAX_LINES)]
    total: MoneyResponse

    @classmethod
    def of(cls, cart: PricedCart) -> Self:
        """Render a cart."""
        return cls(
            lines=[CartLineResponse.of(line) for line in cart.lines],
            total=MoneyResponse.of(cart.total),
        )
