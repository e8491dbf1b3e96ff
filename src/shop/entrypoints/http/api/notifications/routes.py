"""Routes of webhook deliveries."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from shop.domain.endpoint import DeliveryNotFound
from shop.entrypoints.http.api.notifications.schemas import (
    WebhookDeliveryList,
    WebhookDeliveryResponse,
)
from shop.entrypoints.http.api.pagination import WebhookDeliveryQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import AdminUser, NotificationDeliveryServiceDependency
from shop.entrypoints.http.openapi.document import ADMIN_ERRORS, error_responses
from shop.entrypoints.http.schemas import EmptyBody

router = api_router("webhooks", prefix="/api/v1/webhook-deliveries")

DeliveryId = Annotated[UUID, Path(examples=["01932b7e-8f3c-7a15-8b1c-4a5b6c7d8e9f"])]


@router.get("", responses=error_responses(*ADMIN_ERRORS))
async def list_webhook_deliveries(
    principal: AdminUser,
    query: Annotated[WebhookDeliveryQuery, Query()],
    deliveries: NotificationDeliveryServiceDependency,
) -> WebhookDeliveryList:
    """List webhook deliveries and their status, newest first (admin)."""
    page = await deliveries.search(principal.user, query.status, query.to_page_request())
    return WebhookDeliveryList.of(page)


@router.post(
    "/{delivery_id}/retry",
    status_code=202,
    responses=error_responses(*ADMIN_ERRORS, DeliveryNotFound),
)
async def retry_webhook_delivery(
    delivery_id: DeliveryId,
    principal: AdminUser,
    deliveries: NotificationDeliveryServiceDependency,
    _: EmptyBody | None = None,
) -> WebhookDeliveryResponse:
    """Send a webhook again as soon as possible, whatever came of it before (admin)."""
    return WebhookDeliveryResponse.of(await deliveries.retry(principal.user, delivery_id))
