"""Route of webhook deliveries."""

from typing import Annotated

from fastapi import Query

from shop.entrypoints.http.api.notifications.schemas import WebhookDeliveryList
from shop.entrypoints.http.api.pagination import WebhookDeliveryQuery
from shop.entrypoints.http.api.router import api_router
from shop.entrypoints.http.dependencies import AdminUser, NotificationDeliveryServiceDependency
from shop.entrypoints.http.openapi.document import ADMIN_ERRORS, error_responses

router = api_router("webhooks", prefix="/api/v1/webhook-deliveries")


@router.get("", responses=error_responses(*ADMIN_ERRORS))
async def list_webhook_deliveries(
    principal: AdminUser,
    query: Annotated[WebhookDeliveryQuery, Query()],
    deliveries: NotificationDeliveryServiceDependency,
) -> WebhookDeliveryList:
    """List webhook deliveries and their status, newest first (admin)."""
    page = await deliveries.search(principal.user, query.status, query.to_page_request())
    return WebhookDeliveryList.of(page)
