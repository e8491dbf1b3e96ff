"""Logs each request and gives it an id that all of its log lines share."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from shop.entrypoints.observability.logging import request_id

_log = structlog.get_logger()


class RequestLog:
    """Gives each request an id and logs its method, route, status and duration.

    The shop never adopts an id from outside, which could be forged. It logs the route's template
    instead of the path, and nothing of the query, headers or body: they can contain secrets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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

        context_token = request_id.set(new_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _log.info(
                "request",
                method=scope["method"],
                path=_route_template(scope),
                status=status,
                duration_ms=round((time.perf_counter() - started_at) * 1000, 3),
            )
            request_id.reset(context_token)


def _route_template(scope: Scope) -> str | None:
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is None and any(
        getattr(each, "path", None) == scope["path"] for each in scope["app"].routes
    ):
        # Only FastAPI's routes are in the scope. Other routes, such as /docs, have no parameters.
        return str(scope["path"])
    return template
