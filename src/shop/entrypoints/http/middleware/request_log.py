"""The line that the log has of each request, and the fields that all lines of it share."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.routing import Route
from starlette.types import Scope

_TRACE_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-.{2}.*"
)
"""W3C Trace Context, section 3.2: version, trace, parent and flags."""

CLIENT_LEFT = "client_left"
"""The member of a scope's state that the server sets if a response reached no one."""

RequestObserver = Callable[[str, str, int | None, float], None]
"""Receives the route's template, method, status and duration of each request."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestLog:
    """Logs each request's client, user, method, route, status and duration, and counts it.

    The shop never adopts an id from outside, which could be forged. The trace is the caller's, to
    find the request in its own log. The route's template is logged instead of the path, and nothing
    else of the query, headers or body: they can contain secrets.
    """

    def __init__(self, observe: RequestObserver) -> None:
        self._observe = observe
        self._log = structlog.get_logger().bind()

    def end(
        self,
        scope: Scope,
        route: Route | None,
        status: int | None,
        user_id: str | None,
        seconds: float,
    ) -> None:
        """Log and count a request; without a status, the client left before the response."""
        if scope.get("state", {}).get(CLIENT_LEFT):
            status = None
        template = None if route is None else route.path
        method = scope["method"]
        self._log.info(
            "request",
            method=method,
            path=template,
            status=status,
            user_id=user_id,
            duration_ms=round(seconds * 1000, 3),
        )
        # Only names from short lists: each new one would be stored as long as the process.
        known_method = method if method in _METHODS else "other"
        self._observe(template or "unmatched", known_method, status, seconds)


def shared_fields(request_id: str, scope: Scope, headers: Headers) -> Mapping[str, Any]:
    """Return the fields of all lines that are logged while a request is handled."""
    fields = {"request_id": request_id}
    client = scope.get("client")
    if client:
        fields["client"] = client[0]
    for value in headers.getlist("traceparent"):
        if match := _TRACE_PARENT.fullmatch(value):
            fields["trace_id"] = match[1]
    return fields
