"""Pages of lists: how much of a list is asked for, and from where on."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shop.application.ports.paging import PageRequest, TimeCursor
from shop.domain.notification import NotificationDeliveryStatus
from shop.domain.orders.order import OrderStatus
from shop.entrypoints.http.requests.cursors import decode_sku_cursor, decode_time_cursor
from shop.entrypoints.http.schemas import SINGLE_LINE_PATTERN, QueryParameters

MAX_LIMIT = 100
MAX_SEARCH_CHARACTERS = 100
MAX_CURSOR_CHARACTERS = 100

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, examples=[20], description="Items per page.")]

_CursorParameter = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=MAX_CURSOR_CHARACTERS,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The `next` of the page before; the first page has none.",
    ),
]
TimeCursorParameter = Annotated[
    _CursorParameter, Field(examples=["AAZgyBmhcAABkyt-jzx6EJ0uW2x9jp8B"])
]
SkuCursorParameter = Annotated[_CursorParameter, Field(examples=["VEVBLUVBUkwtR1JFWQ"])]


class TimeCursorQuery(QueryParameters):
    """A page of a list that runs from the newest to the oldest."""

    limit: Limit = 20
    cursor: TimeCursorParameter = None

    def to_page_request(self) -> PageRequest[TimeCursor]:
        """Return the page that is asked for; raise `InvalidRequest` where the cursor is none."""
        return PageRequest(limit=self.limit, after=decode_time_cursor(self.cursor))


class OrderQuery(TimeCursorQuery):
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


class WebhookDeliveryQuery(TimeCursorQuery):
    """A page of deliveries, the newest first."""

    status: Annotated[
        NotificationDeliveryStatus | None,
        Field(examples=["failed"], description="The status of the deliveries."),
    ] = None


class ProductQuery(QueryParameters):
    """A page of products, in the order of their SKUs."""

    q: Annotated[
        str,
        Field(
            max_length=MAX_SEARCH_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["earl grey"],
            description="Words that the SKU or the name contains, in any case.",
        ),
    ] = ""
    limit: Limit = 20
    cursor: SkuCursorParameter = None

    def to_page_request(self) -> PageRequest[str]:
        """Return the page that is asked for; raise `InvalidRequest` where the cursor is none."""
        return PageRequest(limit=self.limit, after=decode_sku_cursor(self.cursor))
