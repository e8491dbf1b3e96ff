"""Pages of lists: how much of a list is asked for, and from where on."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shop.application.ports.paging import Moment, Page
from shop.domain.announcement import DispatchStatus
from shop.domain.order import OrderStatus
from shop.entrypoints.http.cursors import moment_at, sku_at
from shop.entrypoints.http.schemas.base import LINE_PATTERN, Query

MAX_LIMIT = 100
MAX_WORDS_CHARACTERS = 100
MAX_CURSOR_CHARACTERS = 100

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, examples=[20], description="Items per page.")]

_Cursor = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=MAX_CURSOR_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The `next` of the page before; the first page has none.",
    ),
]
MomentCursor = Annotated[_Cursor, Field(examples=["AAZgyBmhcAABkyt-jzx6EJ0uW2x9jp8B"])]
SkuCursor = Annotated[_Cursor, Field(examples=["VEVBLUVBUkwtR1JFWQ"])]


class MomentPage(Query):
    """A page of a list that runs from the newest to the oldest."""

    limit: Limit = 20
    cursor: MomentCursor = None

    def page(self) -> Page[Moment]:
        """Return the page that is asked for; raise `InvalidRequest` where the cursor is none."""
        return Page(limit=self.limit, after=moment_at(self.cursor))


class OrderPage(MomentPage):
    """A page of orders, the newest first."""

    user_id: Annotated[
        UUID | None,
        Field(
            examples=["01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01"],
            description="The customer, for admins who ask for others' orders.",
        ),
    ] = None
    status: Annotated[
        OrderStatus | None,
        Field(
            examples=["paid"],
            description="The status of the orders; admins who name no user get everybody's.",
        ),
    ] = None


class WebhookDeliveryPage(MomentPage):
    """A page of deliveries, the newest first."""

    status: Annotated[
        DispatchStatus | None,
        Field(examples=["failed"], description="The status of the deliveries."),
    ] = None


class ProductPage(Query):
    """A page of products, in the order of their SKUs."""

    q: Annotated[
        str,
        Field(
            max_length=MAX_WORDS_CHARACTERS,
            pattern=LINE_PATTERN,
            examples=["earl grey"],
            description="Words that the SKU or the name contains, in any case.",
        ),
    ] = ""
    limit: Limit = 20
    cursor: SkuCursor = None

    def page(self) -> Page[str]:
        """Return the page that is asked for; raise `InvalidRequest` where the cursor is none."""
        return Page(limit=self.limit, after=sku_at(self.cursor))
