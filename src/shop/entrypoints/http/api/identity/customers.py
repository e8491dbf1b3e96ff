"""Schemas of customers, as staff see them."""

from typing import Annotated, Self

from pydantic import Field

from shop.application.identity.customers import CustomerView
from shop.application.ports.paging import Page, TimeCursor
from shop.application.ports.repositories.orders import OrderTotals
from shop.entrypoints.http.api.identity.users import UserResponse
from shop.entrypoints.http.api.ledger.schemas import AccountResponse
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import MoneyResponse, NextCursor, RequestBody, ResponseBody


class CustomerPatch(RequestBody):
    """A change of what a user may do."""

    disabled: Annotated[
        bool,
        Field(
            examples=[True],
            description="Whether the user is kept out: signed out everywhere, and unable to sign "
            "in.",
        ),
    ]


class OrderTotalsResponse(ResponseBody):
    """The orders of a customer that were paid and not cancelled."""

    count: Annotated[int, Field(ge=0, examples=[3])]
    amount: MoneyResponse

    @classmethod
    def of(cls, totals: OrderTotals) -> Self:
        """Render totals."""
        return cls(count=totals.count, amount=MoneyResponse.of(totals.amount))


class CustomerResponse(UserResponse):
    """A user with the account and the totals of the orders."""

    disabled: Annotated[bool, Field(examples=[False])]
    account: Annotated[
        AccountResponse | None, Field(description="Null without an account in the shop's currency.")
    ]
    orders: OrderTotalsResponse

    @classmethod
    def of_view(cls, view: CustomerView) -> Self:
        """Render a customer."""
        return cls(
            id=view.user.id,
            name=view.user.name,
            email=view.user.email,
            roles=sorted(view.user.roles),
            created_at=view.user.created_at,
            disabled=not view.user.enabled,
            account=AccountResponse.of(view.account) if view.account else None,
            orders=OrderTotalsResponse.of(view.orders),
        )


class CustomerList(ResponseBody):
    """A page of customers, newest first."""

    items: list[CustomerResponse]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[CustomerView, TimeCursor]) -> Self:
        """Render a page of customers."""
        return cls(
            items=[CustomerResponse.of_view(view) for view in page.items],
            next=encode_time_cursor(page.next),
        )
