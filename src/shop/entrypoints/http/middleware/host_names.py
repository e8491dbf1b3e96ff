"""Answers only to the shop's own host names."""

from functools import lru_cache

import structlog
from starlette.datastructures import Headers

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

    def __init__(self, known_hosts: KnownHosts) -> None:
        # A shop has few names, and every request asks for one of them.
        self._is_known = lru_cache(maxsize=64)(known_hosts.__contains__)

    def require_known(self, headers: Headers) -> None:
        """Raise `UnknownHost` unless the request names one host, of the shop's."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_known(hosts[0]):
            _log_host(", ".join(hosts))
            raise UnknownHost


def _log_host(host: str) -> None:
    _log.info("unknown_host", host=host[:_LOGGED_CHARACTERS], setting="SHOP_HOSTS")
