"""What every request passes on its way in and out, in one pass."""

import time
from functools import partial

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from shop.domain.shared.value import value
from shop.entrypoints.http.errors import handlers
from shop.entrypoints.http.errors.http_errors import (
    MethodNotAllowed,
    RouteNotFound,
    max_body_bytes,
)
from shop.entrypoints.http.middleware.body_limit import is_empty, limit_body, receive_nothing
from shop.entrypoints.http.middleware.content_type import (
    UNSUPPORTED_BODY,
    require_json,
    require_multipart,
)
from shop.entrypoints.http.middleware.cross_site import SAFE_METHODS, require_same_site
from shop.entrypoints.http.middleware.host_names import PROBES, HostNames
from shop.entrypoints.http.middleware.request_log import RequestLog, shared_fields
from shop.entrypoints.http.middleware.response_headers import SecurityHeaders, encode_headers
from shop.entrypoints.http.middleware.trusted_proxies import require_https
from shop.entrypoints.http.requests.headers import RequestHeaders
from shop.entrypoints.http.requests.strict_request import HEADERS_KEY
from shop.entrypoints.http.requests.uploads import UploadRoute
from shop.entrypoints.http.route_table import RouteTable
from shop.entrypoints.http.session.cookie import SessionCookie
from shop.entrypoints.http.session.response_context import ResponseContext
from shop.entrypoints.observability.logging import request_fields


@value
class BoundaryPolicy:
    """How requests are checked, and what responses carry."""

    cookie: SessionCookie
    security_headers: SecurityHeaders
    host_names: HostNames | None
    requires_https: bool
    own_scheme: str
    rehearses_payments: bool


class Boundary:
    """Finds the route of each request, checks the request, and completes the response.

    Each request gets an id, which its response and all of its log lines carry. An error becomes
    a problem response, unless the response has already started.
    """

    def __init__(
        self, routes: RouteTable, policy: BoundaryPolicy, log: RequestLog, *, lifespan: ASGIApp
    ) -> None:
        self._routes = routes
        self._policy = policy
        self._log = log
        self._lifespan = lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        started_at = time.perf_counter()
        request_id = uuid4().hex
        headers = scope[HEADERS_KEY] = RequestHeaders(scope["headers"])
        policy = self._policy
        context = ResponseContext(policy.cookie, rehearses_payments=policy.rehearses_payments)
        scope.setdefault("state", {})["response_context"] = context
        route, scope["path_params"] = self._routes.find(scope["method"], scope["path"])
        status: int | None = None

        async def send_completed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                # Not an enumeration, whose name the log would show.
                status = int(message["status"])
                collected = encode_headers(context.headers.items()) if context.headers else ()
                own = message.get("headers", ())
                message["headers"] = [
                    *own,
                    *policy.security_headers.missing_from(own, scope["path"]),
                    *collected,
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        fields = request_fields.set(shared_fields(request_id, scope, headers))
        try:
            receive = await self._check(scope, headers, receive, route)
            await self._require(route, scope).handle(scope, receive, send_completed)
        except Exception as error:
            if status is not None:
                raise
            response = await handlers.handle_error(Request(scope), error)
            await response(scope, receive, send_completed)
        finally:
            seconds = time.perf_counter() - started_at
            self._log.end(scope, route, status, context.user_id, seconds)
            request_fields.reset(fields)

    def _require(self, route: Route | None, scope: Scope) -> Route:
        if route is None:
            raise RouteNotFound
        if scope["method"] not in (route.methods or ()):
            raise MethodNotAllowed(allow=self._routes.methods(scope["path"]))
        return route

    async def _check(
        self, scope: Scope, headers: Headers, receive: Receive, route: Route | None
    ) -> Receive:
        """Raise the error that rejects a request unread; return how its body is received."""
        policy = self._policy
        if scope["path"] not in PROBES:
            if policy.host_names is not None:
                policy.host_names.require_known(headers)
            if policy.requires_https:
                require_https(scope)
        if scope["method"] in SAFE_METHODS:
            return limit_body(max_body_bytes(scope["path"]), headers, receive)
        require_same_site(policy.own_scheme, headers)
        if isinstance(route, UploadRoute):
            # First: a form that comes with another method has the right media type.
            self._require(route, scope)
            receive = limit_body(route.max_body_bytes, headers, receive)
            require_declared = partial(require_multipart, headers)
        else:
            receive = limit_body(max_body_bytes(scope["path"]), headers, receive)
            require_declared = partial(require_json, scope["method"], headers)
        try:
            require_declared()
        except UNSUPPORTED_BODY:
            if not await is_empty(headers, receive):
                raise
            receive = receive_nothing
        return receive
