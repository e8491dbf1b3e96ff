"""Adds security headers to every response."""

import base64
import hashlib
from collections.abc import Iterable, Mapping

from shop.entrypoints.http.html_pages import DOCS_PATH, DOCS_SCRIPT, LANDING_PAGE_PATH, STYLE

RawHeaders = list[tuple[bytes, bytes]]

_COMMON_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "vary": "Cookie",
    "x-content-type-options": "nosniff",
}
_COMMON_NAMES = frozenset(name.encode() for name in (*_COMMON_HEADERS, "content-security-policy"))
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


class SecurityHeaders:
    """The security headers of each path.

    Browsers may not store a response or let another site read it. Only the HTML pages may load
    scripts, styles or images. A header that the response has already stays as it is: browsers
    would obey two policies at once.
    """

    def __init__(self, *, is_production: bool) -> None:
        common = _common_headers(is_production=is_production)
        self._default = default_headers(is_production=is_production)
        self._by_path: Mapping[str, RawHeaders] = {
            path: encode_headers((common | {"content-security-policy": policy}).items())
            for path, policy in _PAGE_POLICIES.items()
        }

    def missing_from(self, own: RawHeaders, path: str) -> RawHeaders:
        """Return the headers that a response to a request of this path does not have yet."""
        headers = self._by_path.get(path, self._default)
        names = {name for name, _ in own}
        if names.isdisjoint(_COMMON_NAMES):
            return headers
        return [each for each in headers if each[0] not in names]


def default_headers(*, is_production: bool) -> RawHeaders:
    """Return the headers of every response that is not an HTML page."""
    common = _common_headers(is_production=is_production)
    return encode_headers((common | {"content-security-policy": _DENY_ALL}).items())


def _common_headers(*, is_production: bool) -> dict[str, str]:
    return _COMMON_HEADERS | (_STRICT_TRANSPORT_SECURITY if is_production else {})


def encode_headers(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    """Return headers as they are sent."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
