"""Reads requests strictly, before any handler sees them."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shop.domain.shared.errors import InvalidValue
from shop.entrypoints.http.errors.http_errors import FieldError, InvalidRequest
from shop.entrypoints.http.requests.repeated_names import find_repeated_name

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _RepeatedName(HTTPException):
    """An object has a name twice; FastAPI lets only this type of exception through."""

    def __init__(self, pointer: str) -> None:
        super().__init__(422, pointer)


class StrictRequest(Request):
    """A request whose body is strict JSON.

    It has no NaN, no lone surrogates, no repeated names, and a bounded depth.
    """

    document: Any = None

    async def json(self) -> Any:  # noqa: ANN401  JSON is anything.
        """Return the parsed body."""
        try:
            self.document = from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error
        if pointer := find_repeated_name(await self.body(), self.document):
            raise _RepeatedName(pointer)
        return self.document


class StrictRoute(APIRoute):
    """A route that accepts only the query parameters it declares, each once.

    An `InvalidValue` that the body causes is reported with its place in the body.
    """

    def get_route_handler(self) -> Handler:
        """Return the strict handler of the route."""
        handle = super().get_route_handler()
        takes_query = bool(self.dependant.query_params)

        async def handle_strictly(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            if request.scope["query_string"]:
                _require_plain_query(strict, takes_query=takes_query)
            try:
                return await handle(strict)
            except _RepeatedName as error:
                raise InvalidRequest.at(error.detail, "Repeated name.") from None
            except InvalidValue as error:
                pointer = _find_pointer(strict.document, error.field) or f"/{error.field}"
                raise InvalidRequest.at(pointer, f"{error.rule}.") from error

        return handle_strictly


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
