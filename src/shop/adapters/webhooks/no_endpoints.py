"""The webhook sender of a shop without webhook endpoints."""

from shop.application.ports.webhook_sender import (
    NotificationFailed,
    WebhookRequest,
    WebhookSender,
)


class NoWebhookSender(WebhookSender):
    """Fails every attempt: a webhook waits until the settings have its endpoint."""

    async def send(self, request: WebhookRequest) -> int:
        """Raise `NotificationFailed`."""
        del request
        raise NotificationFailed(
            "SHOP_WEBHOOK_ENDPOINTS is not set", status_code=None, is_permanent=False
        )

    async def close(self) -> None:
        """Do nothing."""
