"""Responses that the server gives without asking the app."""

from collections.abc import Iterable
from http import HTTPStatus

from pydantic_core import to_json

from shop.domain.shared.errors import ShopError
from shop.entrypoints.http.errors.problem_details import (
    MEDIA_TYPE,
    headers_of,
    problem,
    problem_type_of,
)

RawHeaders = list[tuple[bytes, bytes]]


def rejection(error: ShopError, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a whole response with the problem details of an error; it ends the connection."""
    status = HTTPStatus(problem_type_of(type(error)).status)
    body = to_json(problem(error))
    own = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        **{name.lower(): value for name, value in headers_of(error).items()},
        "connection": "close",
    }
    lines: RawHeaders = [
        *headers,
        *((name.encode(), value.encode()) for name, value in own.items()),
    ]
    head = b"".join(b"%s: %s\r\n" % line for line in lines)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), head, body)
