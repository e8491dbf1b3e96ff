"""A webhook sender that keeps requests in memory."""

from collections import deque

from shop.application.ports.webhook_sender import (
    ENDPOINT_GONE,
    NotificationFailed,
    WebhookRequest,
    WebhookSender,
)

OK = 200


class MemoryWebhookSender(WebhookSender):
    """Responds with 200, except for scripted results."""

    def __init__(self) -> None:
        self.requests: list[WebhookRequest] = []
        """All requests, including failed ones."""

        self._scripted_results: deque[int | None] = deque()

    def script(self, *results: int | None) -> None:
        """Respond to the next requests with these statuses; None is no response."""
        self._scripted_results.extend(results)

    async def send(self, request: WebhookRequest) -> int:
        """Keep a request, and respond as scripted."""
        self.requests.append(request)
        status = self._scripted_results.popleft() if self._scripted_results else OK
        if status is None:
            raise NotificationFailed("no answer", status_code=None, is_permanent=False)
        if status // 100 != OK // 100:
            raise NotificationFailed(
                f"answered {status}", status_code=status, is_permanent=status == ENDPOINT_GONE
            )
        return status

    async def close(self) -> None:
        """Do nothing; there are no connections."""
