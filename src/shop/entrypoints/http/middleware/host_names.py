"""Answers only to the shop's own host names."""

from functools import lru_cache

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.entrypoints.configuration.hosts import KnownHosts
from shop.entrypoints.http.errors.http_errors import UnknownHost

PROBES = frozenset({"/healthz", "/readyz"})
"""Health checks address the server by an address, which no operator lists."""

_LOGGED_CHARACTERS = 100

_log = structlog.get_logger()


class HostNames:
    """Rejects requests for other hosts than the shop's (ASVS 5.0, 4.2.1).

    Otherwise another site's name could be pointed at the shop (DNS rebinding), and a visitor's
    browser would take it for that site.
    """

    def __init__(self, app: ASGIApp, *, known_hosts: KnownHosts) -> None:
        self._app = app
        # A shop has few names, and every request asks for one of them.
        self._is_known = lru_cache(maxsize=64)(known_hosts.__contains__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is for another host."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            hosts = [value for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not self._is_known(hosts[0].decode("latin-1")):
                _log_host(b", ".join(hosts).decode("latin-1"))
                raise UnknownHost
        await self._app(scope, receive, send)


def _log_host(host: str) -> None:
    _log.info("unknown_host", host=host[:_LOGGED_CHARACTERS], setting="SHOP_HOSTS")
