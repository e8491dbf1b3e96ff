"""A request whose body is strict JSON, and whose headers are parsed once."""

import re
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from shop.entrypoints.http.errors.http_errors import InvalidRequest
from shop.entrypoints.http.requests.headers import RequestHeaders
from shop.entrypoints.http.requests.repeated_names import find_repeated_name

HEADERS_KEY = "shop.headers"
"""The key of the parsed headers in a request's scope."""

NO_DOCUMENT: Final = object()
"""Stands for an empty body, which is not the JSON value null."""

_SURROGATE = re.compile("unexpected end of hex escape|lone leading surrogate in hex escape")
"""What the parser says of an escape without its other half."""


class StrictRequest(Request):
    """A request as the shop reads it."""

    @property
    def headers(self) -> Headers:
        """The headers, parsed once for all who read them."""
        headers: RequestHeaders = self.scope[HEADERS_KEY]
        return headers

    async def body(self) -> bytes:
        """Return the whole body; raise `ClientDisconnect` if the client leaves before its end."""
        if not hasattr(self, "_body"):
            message = await self.receive()
            parts = [message.get("body", b"")]
            while message.get("more_body"):
                message = await self.receive()
                parts.append(message.get("body", b""))
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            self._body = b"".join(parts)
        return self._body

    async def document(self) -> Any:  # noqa: ANN401  JSON is anything.
        """Return the parsed body, or `NO_DOCUMENT`.

        It has no NaN, no lone surrogates, no repeated names, and a bounded depth; else raise
        `RequestValidationError` or `InvalidRequest`.
        """
        body = await self.body()
        if not body:
            return NO_DOCUMENT
        try:
            document = from_json(body, allow_inf_nan=False)
        except ValueError as error:
            reason = _SURROGATE.sub("half of a character (a lone surrogate)", str(error))
            fault = {"type": "json_invalid", "loc": ("body", 0), "ctx": {"error": reason}}
            raise RequestValidationError([fault]) from error
        if pointer := find_repeated_name(body, document):
            raise InvalidRequest.at(pointer, "Repeated name.")
        return document
