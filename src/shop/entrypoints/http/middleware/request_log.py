"""Logs each request and gives it an id that all of its log lines share."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from shop.entrypoints.observability.logging import request_fields

_TRACE_PARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-.{2}.*"
)
"""W3C Trace Context, section 3.2: version, trace, parent and flags."""

RequestObserver = Callable[[str, str, int | None, float], None]
"""Receives the route's template, method, status and duration of each request."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log = structlog.get_logger()


class RequestLog:
    """Gives each request an id and logs its client, user, method, route, status and duration.

    The shop never adopts an id from outside, which could be forged. The trace is the caller's, to
    find the request in its own log. The route's template is logged instead of the path, and nothing
    else of the query, headers or body: they can contain secrets.
    """

    def __init__(self, app: ASGIApp, *, observe: RequestObserver) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its id in the response and in all log lines."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        new_id = uuid4().hex
        header = (b"x-request-id", new_id.encode())
        status: int | None = None
        started_at = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        context_token = request_fields.set(_fields(new_id, scope))
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started_at
            method, template = scope["method"], _route_template(scope)
            _log.info(
                "request",
                method=method,
                path=template,
                status=status,
                user_id=_user_id(scope),
                duration_ms=round(seconds * 1000, 3),
            )
            # Only names from short lists: each new one would be stored as long as the process.
            known_method = method if method in _METHODS else "other"
            self._observe(template or "unmatched", known_method, status, seconds)
            request_fields.reset(context_token)


def _route_template(scope: Scope) -> str | None:
    # A route is not in the scope unless it is FastAPI's, or if the request was rejected before it.
    route = scope.get("route") or _find_route(scope["app"].routes, scope)
    template: str | None = getattr(route, "path", None)
    return template


def _find_route(routes: Iterable[BaseRoute], scope: Scope) -> BaseRoute | None:
    """Return the route of the path, if there is one: rather one with the method."""
    matches = [(each.matches(scope)[0], each) for each in routes]
    found = [each for match, each in matches if match is Match.FULL]
    found += [each for match, each in matches if match is Match.PARTIAL]
    return found[0] if found else None


def _fields(request_id: str, scope: Scope) -> Mapping[str, str]:
    fields = {"request_id": request_id}
    if scope.get("client"):
        fields["client"] = scope["client"][0]
    for name, value in scope["headers"]:
        if name == b"traceparent" and (match := _TRACE_PARENT.fullmatch(value)):
            fields["trace_id"] = match[1].decode()
    return fields


def _user_id(scope: Scope) -> str | None:
    # Requests that were rejected early have no response context.
    response_context: Any = scope.get("state", {}).get("response_context")
    return None if response_context is None else response_context.user_id
