"""How a request is read: to the letter, before any handler sees it."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from shop.domain.shared.errors import InvalidValue
from shop.entrypoints.http.errors.http_errors import FieldError, InvalidRequest

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    """A request whose body is JSON by RFC 8259: no NaN, no lone surrogates, not endlessly deep."""

    document: Any = None

    async def json(self) -> Any:  # noqa: ANN401  JSON is anything.
        """Return the body, parsed."""
        try:
            self.document = from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error
        return self.document


class StrictRoute(APIRoute):
    """A route that takes the query parameters it declares, each once, and no others.

    A rule that is broken by what the body says is told with the place in the body.
    """

    def get_route_handler(self) -> Handler:
        """Return the handler of the route, strict."""
        handle = super().get_route_handler()
        takes_query = bool(self.dependant.query_params)

        async def handle_strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if request.scope["query_string"]:
                _require_plain_query(strict, takes_query=takes_query)
            try:
                return await handle(strict)
            except InvalidValue as error:
                pointer = _find_pointer(strict.document, error.field) or f"/{error.field}"
                raise InvalidRequest.at(pointer, f"{error.rule}.") from error

        return handle_strictly


def _require_plain_query(request: Request, *, takes_query: bool) -> None:
    try:
        unquote_to_bytes(request.scope["query_string"]).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest.at("/query", "An address is text in UTF-8.") from error
    names = Counter(name for name, _ in request.query_params.multi_items())
    detail = "A parameter is given once." if takes_query else "This takes no such parameter."
    errors = [
        FieldError(pointer=f"/query/{name}", detail=detail)
        for name, count in names.items()
        if count > 1 or not takes_query
    ]
    if errors:
        raise InvalidRequest.of(errors)


def _find_pointer(document: object, name: str) -> str | None:
    """Return the pointer to the outermost member of that name; None where there is none."""
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
