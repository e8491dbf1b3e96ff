"""Schemas of webhook deliveries."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.ports.paging import Page, TimeCursor
from shop.domain.notification import EventType, NotificationDelivery, NotificationDeliveryStatus
from shop.entrypoints.http.requests.cursors import encode_time_cursor
from shop.entrypoints.http.schemas import NextCursor, ResponseBody, Time


class WebhookDeliveryResponse(ResponseBody):
    """The delivery of an event to a webhook endpoint."""

    id: Annotated[
        UUID,
        Field(
            examples=["01932b7e-8f3c-7a15-8b1c-4a5b6c7d8e9f"],
            description="The `webhook-id` header, the same at every attempt.",
        ),
    ]
    event: Annotated[EventType, Field(examples=["order.cancelled"])]
    endpoint: Annotated[str, Field(examples=["https://warehouse.example.com/shop"])]
    status: Annotated[
        NotificationDeliveryStatus,
        Field(
            examples=["pending"],
            description="`failed` after the last attempt, or if the endpoint is disabled, until "
            "it is sent again.",
        ),
    ]
    attempts: Annotated[int, Field(ge=0, examples=[0])]
    last_status_code: Annotated[
        int | None,
        Field(examples=[None], description="The status of the last response, if any."),
    ]
    last_error: Annotated[
        str | None, Field(examples=[None], description="Why the last attempt failed.")
    ]
    created_at: Time
    delivered_at: Annotated[Time | None, Field(examples=[None])]

    @classmethod
    def of(cls, delivery: NotificationDelivery) -> Self:
        """Render a delivery."""
        return cls(
            id=delivery.id,
            event=delivery.event_type,
            endpoint=delivery.recipient,
            status=delivery.status,
            attempts=delivery.attempts,
            last_status_code=delivery.last_status_code,
            last_error=delivery.last_error,
            created_at=delivery.created_at,
            delivered_at=delivery.delivered_at,
        )


class WebhookDeliveryList(ResponseBody):
    """A page of webhook deliveries, newest first."""

    items: list[WebhookDeliveryResponse]
    next: NextCursor

    @classmethod
    def of(cls, page: Page[NotificationDelivery, TimeCursor]) -> Self:
        """Render a page of deliveries."""
        return cls(
            items=[WebhookDeliveryResponse.of(each) for each in page.items],
            next=encode_time_cursor(page.next),
        )
