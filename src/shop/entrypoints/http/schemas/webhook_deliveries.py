"""Deliveries to endpoints."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from shop.application.ports.paging import Listing, Moment
from shop.domain.announcement import Dispatch, DispatchStatus, Topic
from shop.entrypoints.http.cursors import moment_cursor
from shop.entrypoints.http.schemas.base import Answer, Next, Time


class WebhookDeliveryAnswer(Answer):
    """An announcement on its way to an endpoint, or arrived there."""

    id: Annotated[
        UUID,
        Field(
            examples=["01932b7e-8f3c-7a15-8b1c-4a5b6c7d8e9f"],
            description="The `webhook-id`, the same at every attempt.",
        ),
    ]
    event: Annotated[Topic, Field(examples=["order.cancelled"])]
    endpoint: Annotated[str, Field(examples=["https://warehouse.example.com/shop"])]
    status: Annotated[
        DispatchStatus,
        Field(
            examples=["pending"],
            description="`failed` after the last attempt, until `shop outbox retry`.",
        ),
    ]
    attempts: Annotated[int, Field(ge=0, examples=[0])]
    last_status_code: Annotated[
        int | None, Field(examples=[None], description="The status of the last answer, if any.")
    ]
    last_error: Annotated[
        str | None, Field(examples=[None], description="Why the last attempt failed.")
    ]
    created_at: Time
    delivered_at: Annotated[Time | None, Field(examples=[None])]

    @classmethod
    def of(cls, dispatch: Dispatch) -> Self:
        """Render a dispatch."""
        return cls(
            id=dispatch.id,
            event=dispatch.topic,
            endpoint=dispatch.addressee,
            status=dispatch.status,
            attempts=dispatch.attempts,
            last_status_code=dispatch.last_status_code,
            last_error=dispatch.last_error,
            created_at=dispatch.created_at,
            delivered_at=dispatch.delivered_at,
        )


class WebhookDeliveryList(Answer):
    """A page of deliveries, the newest first."""

    items: list[WebhookDeliveryAnswer]
    next: Next

    @classmethod
    def of(cls, dispatches: Listing[Dispatch, Moment]) -> Self:
        """Render a page of dispatches."""
        return cls(
            items=[WebhookDeliveryAnswer.of(each) for each in dispatches.items],
            next=moment_cursor(dispatches.next),
        )
