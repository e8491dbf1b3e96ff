"""Response headers: what browsers are told about every answer, whatever it is."""

import base64
import hashlib
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.entrypoints.http.cookie import SessionCookie
from shop.entrypoints.http.exchange import Exchange
from shop.entrypoints.http.pages import DOCS_PATH, DOCS_SCRIPT, STYLE, WELCOME_PATH

Raw = list[tuple[bytes, bytes]]

_EVERYWHERE = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "vary": "Cookie",
    "x-content-type-options": "nosniff",
}
_TWO_YEARS = {"strict-transport-security": "max-age=63072000; includeSubDomains"}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICIES = {
    WELCOME_PATH: f"{_NOTHING}; style-src {_hash(STYLE)}",
    # Swagger UI writes styles into its own elements.
    DOCS_PATH: f"{_NOTHING}; script-src 'self' {_hash(DOCS_SCRIPT)}; "
    "style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'",
}


class ResponseHeaders:
    """Adds the headers that keep browsers careful, and those that the exchange has noted.

    No answer is to be stored or read by another site; none but the pages loads anything at all.
    """

    def __init__(self, app: ASGIApp, *, cookie: SessionCookie, is_production: bool) -> None:
        self._app = app
        self._cookie = cookie
        always = _EVERYWHERE | (_TWO_YEARS if is_production else {})
        self._default = _raw((always | {"content-security-policy": _NOTHING}).items())
        self._of_page: Mapping[str, Raw] = {
            path: _raw((always | {"content-security-policy": policy}).items())
            for path, policy in _POLICIES.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with an exchange of its own."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(self._cookie)
        scope.setdefault("state", {})["exchange"] = exchange
        headers = self._of_page.get(scope["path"], self._default)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    *headers,
                    *_raw(exchange.headers.items()),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _raw(headers: Iterable[tuple[str, str]]) -> Raw:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
