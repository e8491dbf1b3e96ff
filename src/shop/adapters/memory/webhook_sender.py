"""The courier in memory: keeps what it is given, for whoever looks."""

from collections import deque

from shop.application.ports.webhook_sender import NotificationFailed, WebhookRequest, WebhookSender

OK = 200


class MemoryWebhookSender(WebhookSender):
    """Delivers everything, unless the next results were scripted; None is no answer."""

    def __init__(self) -> None:
        self.requests: list[WebhookRequest] = []
        """Every parcel that was brought, also in vain."""

        self._scripted_results: deque[int | None] = deque()

    def script(self, *results: int | None) -> None:
        """Have the next parcels answered with these statuses."""
        self._scripted_results.extend(results)

    async def send(self, request: WebhookRequest) -> int:
        """Keep a parcel, and answer as scripted."""
        self.requests.append(request)
        status = self._scripted_results.popleft() if self._scripted_results else OK
        if status is None:
            raise NotificationFailed("no answer", status_code=None, is_permanent=False)
        if status // 100 != OK // 100:
            raise NotificationFailed(f"answered {status}", status_code=status, is_permanent=False)
        return status

    async def close(self) -> None:
        """Return: there are no connections."""
