"""Query parameters of lists."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from shop.application.ports.paging import PageRequest, TimeCursor
from shop.domain.notification import NotificationDeliveryStatus
from shop.domain.orders.order import OrderStatus
from shop.entrypoints.http.order_access import LinkToken
from shop.entrypoints.http.requests.cursors import (
    decode_position,
    decode_time_cursor,
    encode_position,
)
from shop.entrypoints.http.schemas import DIGITS, QueryParameters
from shop.entrypoints.validation_messages import SINGLE_LINE_PATTERN, TOKEN_PATTERN

T = TypeVar("T")

MAX_LIMIT = 100
MAX_SEARCH_CHARACTERS = 100
MAX_CURSOR_CHARACTERS = 100

Limit = Annotated[
    int,
    DIGITS,
    Field(ge=1, le=MAX_LIMIT, examples=[20], description="Items per page."),
]

CursorParameter = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=MAX_CURSOR_CHARACTERS,
        pattern=TOKEN_PATTERN,
        description="The `next` of the previous page; omit it for the first page.",
    ),
]
TimeCursorParameter = Annotated[
    CursorParameter, Field(examples=["AAZgyBmhcAABkyt-jzx6EJ0uW2x9jp8B"])
]


_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def _require_rfc_3339(text: object) -> object:
    # The parser would take numbers as seconds since 1970.
    if isinstance(text, str) and not _RFC_3339.fullmatch(text):
        raise ValueError("must be a time with its offset, such as 2026-11-21T12:00:00Z")
    return text


def _to_utc(time: datetime | None) -> datetime | None:
    try:
        return None if time is None else time.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time from the years 1 to 9999 in UTC") from None


_TimeFilter = Annotated[
    AwareDatetime | None,
    BeforeValidator(_require_rfc_3339),
    AfterValidator(_to_utc),
    Field(examples=["2026-11-21T12:00:00Z"], description="A time with its offset; not included."),
]


class TimeCursorQuery(QueryParameters):
    """A page of a list, newest first."""

    limit: Limit = 20
    cursor: TimeCursorParameter = None

    def to_page_request(self) -> PageRequest[TimeCursor]:
        """Return the requested page; raise `InvalidRequest` for an invalid cursor."""
        return PageRequest(limit=self.limit, after=decode_time_cursor(self.cursor))


class PositionQuery(QueryParameters):
    """A page of a list that grows only at its end, oldest first."""

    limit: Limit = 20
    cursor: Annotated[CursorParameter, Field(examples=["AAAAFA"])] = None

    def select(self, items: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """Return the items of the page and the next cursor.

        Raise `InvalidRequest` for an invalid cursor.
        """
        start = decode_position(self.cursor)
        end = start + self.limit
        return items[start:end], encode_position(end) if end < len(items) else None


class OrderQuery(TimeCursorQuery):
    """A page of orders, newest first."""

    user_id: Annotated[
        UUID | None,
        Field(
            examples=["01932b7e-8f3c-7a10-9d2e-5b6c7d8e9f01"],
            description="The customer whose orders to list; other customers' for admins only.",
        ),
    ] = None
    status: Annotated[
        OrderStatus | None,
        Field(
            examples=["paid"],
            description="The status of the orders; without `user_id`, admins get all customers'.",
        ),
    ] = None
    includes_all_users: Annotated[
        bool,
        Field(
            alias="all",
            examples=[True],
            description="Whether to list all customers' orders; for admins only.",
        ),
    ] = False
    q: Annotated[
        str,
        Field(
            max_length=MAX_SEARCH_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["7Q4M-2XKD-9R0B"],
            description="An order's number with or without hyphens, a SKU in it, or the beginning "
            "of its customer's e-mail address, in upper or lower case.",
        ),
    ] = ""
    placed_after: _TimeFilter = None
    placed_before: _TimeFilter = None


class OrderLinkQuery(QueryParameters):
    """What opens an order beside a session."""

    token: LinkToken = None


class LinkedPositionQuery(PositionQuery):
    """A page of what belongs to an order, which the link of a letter opens too."""

    token: LinkToken = None


class CustomerQuery(TimeCursorQuery):
    """A page of customers, newest first."""

    q: Annotated[
        str,
        Field(
            max_length=MAX_SEARCH_CHARACTERS,
            pattern=SINGLE_LINE_PATTERN,
            examples=["ada"],
            description="Words that the name or e-mail address contains, regardless of case.",
        ),
    ] = ""
    guests: Annotated[
        bool,
        Field(examples=[True], description="List guests as well, who never signed in."),
    ] = False


class WebhookDeliveryQuery(TimeCursorQuery):
    """A page of webhook deliveries, newest first."""

    status: Annotated[
        NotificationDeliveryStatus | None,
        Field(examples=["failed"], description="The status of the webhook deliveries."),
    ] = None
