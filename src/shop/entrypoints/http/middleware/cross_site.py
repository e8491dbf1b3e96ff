"""Stops other sites from changing anything through a visitor's browser."""

import logging
import re

from starlette.datastructures import Headers

from shop.entrypoints.http.errors.http_errors import CrossSiteRequest

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110, section 9.2.1."""

_OWN_SITE_VALUES = frozenset({"same-origin", "none"})

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

_PRINTED_VALUE = re.compile(r"[A-Za-z0-9.:/_\[\]-]{0,200}")

_log = logging.getLogger(__name__)


def require_same_site(scheme: str, headers: Headers) -> None:
    """Reject a state-changing request from another origin (ASVS 5.0, 3.5.1).

    Sign-in is one of them. `Sec-Fetch-Site` decides; older browsers send `Origin` instead. A
    client that sends neither is not a browser and carries no other visitor's cookie.
    """
    if not _is_same_origin(scheme, headers):
        _log_mismatch(scheme, headers)
        raise CrossSiteRequest


def _is_same_origin(scheme: str, headers: Headers) -> bool:
    sites = headers.getlist("sec-fetch-site")
    if sites:
        return _OWN_SITE_VALUES.issuperset(sites)
    origins = headers.getlist("origin")
    if not origins:
        return True
    own = _comparable(_own_origin(scheme, headers))
    return all(_comparable(each) == own for each in origins)


def _own_origin(scheme: str, headers: Headers) -> str:
    return f"{scheme}://{headers.get('host')}"


def _comparable(origin: str) -> str:
    """Return an origin in lower case and without its scheme's own port (RFC 6454, section 4)."""
    lower = origin.lower()
    scheme = lower.partition("://")[0]
    return lower.removesuffix(_DEFAULT_PORTS.get(scheme, ""))


def _log_mismatch(scheme: str, headers: Headers) -> None:
    """Log what did not match: a proxy that changes `Host` makes every browser look foreign."""
    _log.info(
        "cross_site_request",
        extra={
            "origin": _printed(headers.get("origin")),
            "own_origin": _printed(_own_origin(scheme, headers)),
            "sec_fetch_site": _printed(headers.get("sec-fetch-site")),
        },
    )


def _printed(value: str | None) -> str | None:
    return value if value is None or _PRINTED_VALUE.fullmatch(value) else "[malformed]"
