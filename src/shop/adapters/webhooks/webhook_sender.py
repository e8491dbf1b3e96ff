"""Sends webhooks by HTTP, by https://www.standardwebhooks.com, version 1.0."""

import asyncio
from collections import defaultdict
from math import floor

from aiohttp import (
    ClientError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from standardwebhooks import Webhook

from shop.application.ports.webhook_sender import (
    ENDPOINT_GONE,
    NotificationFailed,
    WebhookRequest,
    WebhookSender,
)
from shop.domain.shared.counted import counted

MAX_CONCURRENT_REQUESTS = 16
"""For each endpoint."""

MAX_REASON_CHARACTERS = 200


class HttpWebhookSender(WebhookSender):
    """Posts signed webhooks over connections that it keeps open."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._session: ClientSession | None = None
        self._slots = defaultdict[str, asyncio.Semaphore](
            lambda: asyncio.Semaphore(MAX_CONCURRENT_REQUESTS)
        )

    async def send(self, request: WebhookRequest) -> int:
        """Post a webhook; only the status of the response is read, not its body."""
        try:
            # The timeout begins once there is a slot.
            async with (
                self._slots[request.url],
                self._open_session().post(
                    request.url,
                    data=request.payload.encode(),
                    headers=_headers(request),
                    allow_redirects=False,
                ) as response,
            ):
                status = response.status
        except (ClientError, TimeoutError, OSError) as failure:
            reason = self._reason(failure)
            raise NotificationFailed(reason, status_code=None, is_permanent=False) from failure
        if status // 100 != 2:  # noqa: PLR2004  RFC 9110, section 15.3: success.
            raise NotificationFailed(
                f"answered {status}", status_code=status, is_permanent=status == ENDPOINT_GONE
            )
        return status

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                # The slots limit the connections.
                connector=TCPConnector(limit=0),
                timeout=ClientTimeout(total=self._timeout_seconds),
                cookie_jar=DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session

    def _reason(self, failure: Exception) -> str:
        """Describe a failure without the URL, whose query may contain a secret."""
        match failure:
            case TimeoutError():
                return f"no answer within {counted(self._timeout_seconds, 'second')}"
            case ClientResponseError():
                return "the response is not HTTP"
            case _:
                return f"{type(failure).__name__}: {failure}"[:MAX_REASON_CHARACTERS]


def _headers(request: WebhookRequest) -> dict[str, str]:
    signature = Webhook(request.secret).sign(str(request.id), request.sent_at, request.payload)
    return {
        "Content-Type": "application/json",
        "User-Agent": "shop",
        "webhook-id": str(request.id),
        "webhook-timestamp": str(floor(request.sent_at.timestamp())),
        "webhook-signature": signature,
    }
