"""Carts."""

from typing import Annotated, Self

from pydantic import Field

from shop.application.carts import PricedCart, PricedLine
from shop.domain.cart import MAX_LINES
from shop.entrypoints.http.schemas.base import Answer, Body, MoneyAnswer, Quantity, Sku
from shop.entrypoints.http.schemas.products import Available, ProductName


class CartQuantity(Body):
    """How many of a product to have in the cart."""

    quantity: Quantity


class CartLineAnswer(Answer):
    """A quantity of one product, with what it would cost now."""

    sku: Sku
    name: ProductName
    quantity: Quantity
    unit_price: MoneyAnswer
    amount: MoneyAnswer
    available: Available

    @classmethod
    def of(cls, line: PricedLine) -> Self:
        """Render a line of a cart."""
        return cls(
            sku=line.product.sku,
            name=line.product.name,
            quantity=line.quantity,
            unit_price=MoneyAnswer.of(line.product.price),
            amount=MoneyAnswer.of(line.amount),
            available=line.available,
        )


class CartAnswer(Answer):
    """A cart, with what it would cost now."""

    lines: Annotated[list[CartLineAnswer], Field(max_length=MAX_LINES)]
    total: MoneyAnswer

    @classmethod
    def of(cls, cart: PricedCart) -> Self:
        """Render a cart."""
        return cls(
            lines=[CartLineAnswer.of(line) for line in cart.lines],
            total=MoneyAnswer.of(cart.total),
        )
