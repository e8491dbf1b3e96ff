"""Believes a trusted proxy about the client, and requires that the client used TLS."""

from collections.abc import Iterator

from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from shop.entrypoints.http.errors.http_errors import HttpsRequired

_PLAIN = frozenset({"http", "ws"})


class TrustedProxies(ProxyHeadersMiddleware):
    """Takes the client's address and scheme from a trusted proxy, and marks plain requests."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Pass the request on as the trusted proxy has received it."""
        if scope["type"] == "http":
            client = scope.get("client")
            if client and client[0] in self.trusted_hosts and _PLAIN.intersection(_schemes(scope)):
                scope.setdefault("state", {})["came_by_plain_http"] = True
        await super().__call__(scope, receive, send)  # type: ignore[arg-type]


def require_https(scope: Scope) -> None:
    """Reject what a trusted proxy says it has received by plain HTTP (ASVS 5.0, 4.1.2).

    It is not redirected: the password or cookie was already readable on the way, and a client
    that is redirected would never be mended.
    """
    if scope.get("state", {}).get("came_by_plain_http"):
        raise HttpsRequired


def _schemes(scope: Scope) -> Iterator[str]:
    """Yield what the proxies say, each of them: one plain hop is enough."""
    for name, value in scope["headers"]:
        if name == b"x-forwarded-proto":
            yield from (each.strip().lower() for each in value.decode("latin-1").split(","))
