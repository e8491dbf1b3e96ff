"""Schemas of customers, as staff see them."""

from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator

from shop.application.identity.customers import CustomerView
from shop.application.ports.paging import Page, TimeCursor
from shop.application.ports.repositories.orders import OrderTotals
from shop.domain.user import MAX_EMAIL_CHARACTERS
from shop.entrypoints.http.api.identity.users import UserResponse
from shop.entrypoints.http.api.ledger.schemas import AccountResponse
from shop.entrypoints.http.api.rules.fields import RuleSlug
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import (
    Guest,
    MoneyResponse,
    NextCursor,
    RequestBody,
    ResponseBody,
    null_as,
)

MAX_GROUPS = 20
"""How many groups one customer may be in."""

Groups = Annotated[
    list[Annotated[RuleSlug, Field(examples=["friends"])]],
    Field(
        max_length=MAX_GROUPS,
        examples=[["friends"]],
        description="The groups that the customer is in; promotions can be for one of them.",
    ),
]


class CustomerPatch(RequestBody):
    """A change of what a user may do, or of the groups that the user is in."""

    groups: Annotated[Groups | None, null_as([]), Field(examples=[["friends"]])] = None
    disabled: Annotated[
        bool | None,
        Field(
            validate_default=True,
            examples=[True],
            description="Whether the user is kept out: signed out everywhere, and unable to sign "
            "in.",
        ),
    ] = None

    @field_validator("disabled")
    @classmethod
    def _require_a_change(
        cls,
        disabled: bool | None,  # noqa: FBT001  Pydantic passes it so.
        info: ValidationInfo,
    ) -> bool | None:
        if disabled is None and info.data.get("groups", ()) is None:
            raise ValueError("is required without groups")
        return disabled


class OrderTotalsResponse(ResponseBody):
    """The orders of a customer that were paid and not cancelled."""

    count: Annotated[int, Field(ge=0, examples=[3])]
    amount: MoneyResponse

    @classmethod
    def of(cls, totals: OrderTotals) -> Self:
        """Render totals."""
        return cls(count=totals.count, amount=MoneyResponse.of(totals.amount))


class CustomerResponse(UserResponse):
    """A user with the account and the totals of the orders.

    The e-mail address of a guest stands on the orders.
    """

    email: Annotated[  # type: ignore[assignment]  # Only guests have none.
        str | None, Field(max_length=MAX_EMAIL_CHARACTERS, examples=["ada@example.com"])
    ]
    disabled: Annotated[bool, Field(examples=[False])]
    account: Annotated[
        AccountResponse | None, Field(description="Null without an account in the shop's currency.")
    ]
    orders: OrderTotalsResponse
    groups: Groups
    guest: Guest = None

    @classmethod
    def of_view(cls, view: CustomerView) -> Self:
        """Render a customer."""
        return cls(
            id=view.user.id,
            name=view.user.name,
            email=None if view.user.is_guest else view.user.email,
            roles=sorted(view.user.roles),
            created_at=view.user.created_at,
            disabled=not view.user.enabled,
            account=AccountResponse.of(view.account) if view.account else None,
            orders=OrderTotalsResponse.of(view.orders),
            groups=sorted(view.groups),
            guest=view.user.is_guest or None,
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
