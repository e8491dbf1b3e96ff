"""A JSON response whose body is written already, and may be the body of several."""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from starlette.responses import Response

from shop.entrypoints.http.requests.entity_tags import EntityTags
from shop.entrypoints.http.schemas import ResponseBody

T = TypeVar("T")

MAX_SHARED_BODIES = 8
"""Those who asked together are answered together, so an older body is not asked for again."""

TAG_CHARACTERS = 32

JSON_HEADER = (b"content-type", b"application/json")


class WrittenResponse(Response):
    """A response of JSON bytes, without the general constructor's work."""

    media_type = "application/json"

    def __init__(
        self, body: bytes, status_code: int, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self.status_code = status_code
        self.background = None
        self.body = body
        self.raw_headers = [(b"content-length", b"%d" % len(body)), JSON_HEADER, *headers]


def shared_response(
    answer: T, render: Callable[[T], ResponseBody], if_none_match: EntityTags | None
) -> Response:
    """Return the response to a question whose answer is one object for all who asked.

    It is rendered once, and has a tag. A client that has the tag is sent no body. `render` must be
    the same function every time.
    """
    body, tag = _written(_Identity(answer), render)
    if if_none_match is not None and if_none_match.include(tag):
        return Response(status_code=304, headers={"ETag": f'"{tag}"'})
    return WrittenResponse(body, 200, [(b"etag", f'"{tag}"'.encode())])


class _Identity:
    """An object that equals itself alone; what holds it keeps its id from being used again."""

    def __init__(self, of: object) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.of is other.of

    def __hash__(self) -> int:
        return id(self.of)


@lru_cache(maxsize=MAX_SHARED_BODIES)
def _written(answer: _Identity, render: Callable[[Any], ResponseBody]) -> tuple[bytes, str]:
    body = render(answer.of).to_json()
    return body, hashlib.sha256(body).hexdigest()[:TAG_CHARACTERS]
