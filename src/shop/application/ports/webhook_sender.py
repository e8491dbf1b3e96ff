"""Port to the webhook sender, which sends notifications to endpoints by HTTP."""

from abc import ABC, abstractmethod
from dataclasses import field
from datetime import datetime
from uuid import UUID

from shop.domain.shared.value import value


@value
class WebhookRequest:
    """A payload for an endpoint, and the secret to sign it with."""

    id: UUID
    url: str
    secret: str = field(repr=False)
    payload: str
    sent_at: datetime


class WebhookSender(ABC):
    """Sends webhooks by Standard Webhooks 1.0; never called within a unit of work."""

    @abstractmethod
    async def send(self, request: WebhookRequest) -> int:
        """Send a webhook once; return its status, a 2xx.

        Raise `NotificationFailed` for any other response, including a redirect, and after a
        timeout; then the webhook may have arrived. It is permanent for 410: the endpoint is gone.
        """

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""


ENDPOINT_GONE = 410
"""RFC 9110, section 15.5.11."""


class NotificationFailed(Exception):
    """The notification may not have arrived; the reason contains no secrets.

    A permanent failure is not retried.
    """

    def __init__(self, reason: str, *, status_code: int | None, is_permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status_code = status_code
        self.is_permanent = is_permanent
