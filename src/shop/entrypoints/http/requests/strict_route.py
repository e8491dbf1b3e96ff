"""Routes that read requests strictly, each compiled into one function when it is made.

FastAPI declares what a route takes and returns. Its own handler works that out again for each
request, which costs more than the shop's work. The order of its steps is kept: the body is parsed,
dependencies run, then parameters and body are validated, and all their faults are reported.
"""

from collections import Counter
from collections.abc import Callable, Coroutine
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from shop.domain.shared.errors import InvalidValue
from shop.entrypoints.http.errors.http_errors import FieldError, InvalidRequest
from shop.entrypoints.http.requests.call_plan import CallPlan
from shop.entrypoints.http.requests.strict_request import NO_DOCUMENT, StrictRequest
from shop.entrypoints.http.requests.written_response import WrittenResponse

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Faults = list[Any]


class StrictRoute(APIRoute):
    """A route that accepts only the query parameters it declares, each once.

    An `InvalidValue` that the body causes is reported with its place in the body.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  FastAPI's parameters.
        super().__init__(*args, **kwargs)
        _require_compilable(self)
        self._plan = CallPlan.of(self.dependant)
        self._body = next(iter(self.dependant.body_params), None)
        self._reads_body = self._body is not None or self.methods == {"DELETE"}
        self._write = _writer_of(self)
        # Most requests have no query: what that means is the same each time.
        self._without_query = request_params_to_args(self.dependant.query_params, QueryParams())

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of this route."""
        response = await self._respond(StrictRequest(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: StrictRequest) -> Response:
        if request.scope["query_string"]:
            _require_plain_query(request, takes_query=bool(self.dependant.query_params))
        document = await request.document() if self._reads_body else NO_DOCUMENT
        try:
            given = await self._plan.provide(request)
            arguments = self._plan.arguments(given)
            self._add_parameters(request, document, arguments)
            result = await self.endpoint(**arguments)
        except InvalidValue as error:
            pointer = _find_pointer(document, error.field) or f"/{error.field}"
            raise InvalidRequest.at(pointer, f"{error.rule}.") from error
        if isinstance(result, Response):
            return result
        return self._write(result, self._plan.response(given))

    def _add_parameters(
        self, request: StrictRequest, document: object, arguments: dict[str, Any]
    ) -> None:
        """Add the parameters of path and query and the body; raise for all faults at once."""
        dependant, faults = self.dependant, []
        for field in dependant.path_params:
            name = field.alias
            value, errors = field.validate(request.path_params[name], loc=("path", name))
            faults += errors
            arguments[field.name] = value
        if dependant.query_params:
            values, errors = (
                request_params_to_args(dependant.query_params, request.query_params)
                if request.scope["query_string"]
                else self._without_query
            )
            faults += errors
            arguments.update(values)
        if self._body is not None:
            value, errors = _validated_body(self._body, document)
            faults += errors
            arguments[self._body.name] = value
        elif document is not NO_DOCUMENT:
            faults += _faults_of_empty(document)
        if faults:
            raise RequestValidationError(faults)


def _require_compilable(route: APIRoute) -> None:
    """Raise `TypeError` for a declaration that the compiled route would not honour."""
    response_options = (
        route.response_model_include,
        route.response_model_exclude,
        route.response_model_exclude_unset,
        route.response_model_exclude_defaults,
        route.response_model_exclude_none,
    )
    if (
        not iscoroutinefunction(route.endpoint)
        or len(route.dependant.body_params) > 1
        or route.body_field not in (None, *route.dependant.body_params)
        or any(response_options)
    ):
        raise TypeError(f"the route {route.path} declares what routes of the shop do not have")


def _validated_body(field: Any, document: object) -> tuple[Any, Faults]:  # noqa: ANN401  FastAPI's.
    if document is not NO_DOCUMENT:
        value, errors = field.validate(document, loc=("body",))
        return value, errors
    if field.field_info.is_required():
        return None, [{"type": "missing", "loc": ("body",)}]
    return field.get_default(), []


def _faults_of_empty(document: object) -> Faults:
    """Return what is wrong with the body of a request that needs none: it can be `{}`."""
    if not isinstance(document, dict):
        return [{"type": "model_type", "loc": ("body",)}]
    return [{"type": "extra_forbidden", "loc": ("body", name)} for name in document]


def _writer_of(route: APIRoute) -> Callable[[Any, Response | None], Response]:
    """Return the function that writes a result as the route's response."""
    status = route.status_code or 200
    if not isinstance(route.response_class, DefaultPlaceholder):
        response_class = route.response_class
        return lambda content, _: response_class(content, status_code=status)
    field = route.response_field
    if field is None:
        raise TypeError(f"the route {route.path} does not declare what it returns")
    to_json = field.serialize_json

    def write(content: object, response: Response | None) -> Response:
        if response is None:
            return WrittenResponse(to_json(content), status)
        headers = response.raw_headers
        return WrittenResponse(to_json(content), response.status_code or status, headers)

    return write


def _require_plain_query(request: Request, *, takes_query: bool) -> None:
    try:
        unquote_to_bytes(request.scope["query_string"]).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest.at("/query", "The query is not valid UTF-8.") from error
    names = Counter(name for name, _ in request.query_params.multi_items())
    detail = "Repeated query parameter." if takes_query else "Unknown query parameter."
    errors = [
        FieldError(pointer=f"/query/{name}", detail=detail)
        for name, count in names.items()
        if count > 1 or not takes_query
    ]
    if errors:
        raise InvalidRequest.of(errors)


def _find_pointer(document: object, name: str) -> str | None:
    """Return the pointer to the outermost member of that name, if any."""
    members: dict[Any, object] = (
        document
        if isinstance(document, dict)
        else dict(enumerate(document))
        if isinstance(document, list)
        else {}
    )
    if name in members:
        return f"/{name}"
    for key, member in members.items():
        if inner := _find_pointer(member, name):
            return f"/{key}{inner}"
    return None
