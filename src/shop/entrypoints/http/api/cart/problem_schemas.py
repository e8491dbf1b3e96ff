"""Schemas of what stops the order of a cart."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.domain.address import InvalidAddress
from shop.domain.cart import EmptyCart
from shop.domain.cart_problems import CartProblem, NotForSale
from shop.domain.catalogue.product import ProductNotFound
from shop.domain.inventory import OutOfStock
from shop.domain.pricing.promotions.applicability import Condition
from shop.domain.pricing.quote_errors import (
    AddressRequired,
    CodeNotApplicable,
    CodeNotFound,
    CodeUsedUp,
    ShippingUnavailable,
)
from shop.entrypoints.http.api.catalogue.stock_schemas import Available
from shop.entrypoints.http.api.price_schemas import PromotionCode
from shop.entrypoints.http.schemas import Quantity, ResponseBody, Sku, is_none


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
    CODE_NOT_FOUND = CodeNotFound.code
    CODE_USED_UP = CodeUsedUp.code
    CODE_NOT_APPLICABLE = CodeNotApplicable.code
    ADDRESS_REQUIRED = AddressRequired.code
    SHIPPING_UNAVAILABLE = ShippingUnavailable.code
    INVALID_ADDRESS = InvalidAddress.code


class CartProblemResponse(ResponseBody):
    """What stops the order of a cart, with the members of the order's error."""

    code: Annotated[CartProblemCode, Field(examples=["out-of-stock"])]
    sku: Annotated[Sku | None, Field(exclude_if=is_none)] = None
    requested: Annotated[Quantity | None, Field(exclude_if=is_none)] = None
    available: Annotated[Available | None, Field(exclude_if=is_none)] = None
    entered_code: Annotated[
        PromotionCode | None, Field(exclude_if=is_none, description="The code of a promotion.")
    ] = None
    order_id: Annotated[
        UUID | None,
        Field(
            exclude_if=is_none,
            examples=["01932b7e-8f3c-7a13-8a9b-28394a5b6c7d"],
            description="My own order that holds the code and waits for its payment.",
        ),
    ] = None
    condition: Annotated[
        Condition | None,
        Field(
            exclude_if=is_none,
            examples=["minimum"],
            description="The first condition of the code that the cart does not fulfil.",
        ),
    ] = None
    method: Annotated[
        str | None,
        Field(
            exclude_if=is_none,
            examples=["parcel"],
            description="The chosen shipping method; absent if none is chosen.",
        ),
    ] = None
    pointer: Annotated[
        str | None,
        Field(
            exclude_if=is_none,
            examples=["/shipping_address/postal_code"],
            description="The member of the cart that is not valid.",
        ),
    ] = None

    @classmethod
    def of(cls, problem: CartProblem) -> Self:
        """Render a problem of a cart."""
        return cls(
            code=CartProblemCode(problem.code),
            sku=problem.sku,
            requested=problem.requested,
            available=problem.available,
            entered_code=problem.entered_code,
            order_id=problem.order_id,
            condition=None if problem.condition is None else Condition(problem.condition),
            method=problem.method,
            pointer=problem.pointer,
        )
