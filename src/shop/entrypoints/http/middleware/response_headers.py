"""Adds security headers to every response."""

import base64
import hashlib
from collections.abc import Collection, Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.entrypoints.http.html_pages import DOCS_PATH, DOCS_SCRIPT, LANDING_PAGE_PATH, STYLE
from shop.entrypoints.http.session.cookie import SessionCookie
from shop.entrypoints.http.session.response_context import ResponseContext

RawHeaders = list[tuple[bytes, bytes]]

_COMMON_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "vary": "Cookie",
    "x-content-type-options": "nosniff",
}
_STRICT_TRANSPORT_SECURITY = {"strict-transport-security": "max-age=63072000; includeSubDomains"}
_DENY_ALL = "default-src 'none'; frame-ancestors 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_PAGE_POLICIES = {
    LANDING_PAGE_PATH: f"{_DENY_ALL}; style-src {_hash(STYLE)}",
    # Swagger UI writes styles into its own elements.
    DOCS_PATH: f"{_DENY_ALL}; script-src 'self' {_hash(DOCS_SCRIPT)}; "
    "style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'",
}


class ResponseHeaders:
    """Adds the security headers, and the headers that the response context collected.

    Browsers may not store a response or let another site read it. Only the HTML pages may load
    scripts, styles or images. A header that the response has already stays as it is: browsers
    would obey two policies at once.
    """

    def __init__(
        self, app: ASGIApp, *, cookie: SessionCookie, is_production: bool, rehearses_payments: bool
    ) -> None:
        self._app = app
        self._cookie = cookie
        self._rehearses_payments = rehearses_payments
        common = _common_headers(is_production=is_production)
        self._default_headers = default_headers(is_production=is_production)
        self._headers_by_path: Mapping[str, RawHeaders] = {
            path: _encode_headers((common | {"content-security-policy": policy}).items())
            for path, policy in _PAGE_POLICIES.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a new response context."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response_context = ResponseContext(
            self._cookie, rehearses_payments=self._rehearses_payments
        )
        scope.setdefault("state", {})["response_context"] = response_context
        headers = self._headers_by_path.get(scope["path"], self._default_headers)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", ())
                message["headers"] = [
                    *own,
                    *_missing(headers, {name for name, _ in own}),
                    *_encode_headers(response_context.headers.items()),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def default_headers(*, is_production: bool) -> RawHeaders:
    """Return the headers of every response that is not an HTML page."""
    common = _common_headers(is_production=is_production)
    return _encode_headers((common | {"content-security-policy": _DENY_ALL}).items())


def _missing(headers: RawHeaders, own_names: Collection[bytes]) -> RawHeaders:
    return [header for header in headers if header[0] not in own_names]


def _common_headers(*, is_production: bool) -> dict[str, str]:
    return _COMMON_HEADERS | (_STRICT_TRANSPORT_SECURITY if is_production else {})


def _encode_headers(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
