"""Deliveries to the merchant's endpoints: what has arrived, and what has not."""

from typing import Annotated

from fastapi import Query

from shop.entrypoints.http.dependencies import Admin, ToLookAfterDispatches
from shop.entrypoints.http.openapi import TO_ADMINS, refuses
from shop.entrypoints.http.routers.topic import topic
from shop.entrypoints.http.schemas.pages import WebhookDeliveryPage
from shop.entrypoints.http.schemas.webhook_deliveries import WebhookDeliveryList

router = topic("webhooks", prefix="/api/v1/webhook-deliveries")


@router.get("", responses=refuses(*TO_ADMINS))
async def list_webhook_deliveries(
    visitor: Admin,
    query: Annotated[WebhookDeliveryPage, Query()],
    dispatches: ToLookAfterDispatches,
) -> WebhookDeliveryList:
    """List what endpoints were told, the newest first, and what came of it (admin)."""
    found = await dispatches.search(visitor.user, query.status, query.page())
    return WebhookDeliveryList.of(found)
