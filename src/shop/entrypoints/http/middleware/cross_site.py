"""Stops other sites from changing anything through a visitor's browser."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.entrypoints.http.errors.http_errors import CrossSiteRequest

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110, section 9.2.1."""

_OWN_SITE_VALUES = frozenset({"same-origin", "none"})


class CrossSiteProtection:
    """Rejects state-changing requests from other origins (ASVS 5.0, 3.5.1).

    Sign-in is one of them. `Sec-Fetch-Site` decides; older browsers send `Origin` instead. A
    client that sends neither is not a browser and carries no other visitor's cookie.
    """

    def __init__(self, app: ASGIApp, *, is_production: bool) -> None:
        self._app = app
        # In production a proxy terminates TLS.
        self._scheme = "https" if is_production else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it is state-changing and cross-site."""
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and not _is_same_origin(self._scheme, Headers(scope=scope))
        ):
            raise CrossSiteRequest
        await self._app(scope, receive, send)


def _is_same_origin(scheme: str, headers: Headers) -> bool:
    sites = headers.getlist("sec-fetch-site")
    if sites:
        return _OWN_SITE_VALUES.issuperset(sites)
    own_origin = f"{scheme}://{headers.get('host')}"
    return all(origin == own_origin for origin in headers.getlist("origin"))
