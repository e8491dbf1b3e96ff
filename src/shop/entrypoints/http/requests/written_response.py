"""A JSON response whose body is written already."""

from collections.abc import Sequence

from starlette.responses import Response

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
