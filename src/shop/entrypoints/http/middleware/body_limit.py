"""Limits the size of request bodies, by route."""

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from shop.entrypoints.http.errors.http_errors import ContentTooLarge


def limit_body(limit_bytes: int, headers: Headers, receive: Receive) -> Receive:
    """Reject a body by its declared length, or return a `receive` that does while it arrives.

    The server reads no more of a body than was declared.
    """
    declared = headers.get("content-length")
    if declared is None:
        return _counting(receive, limit_bytes)
    if not declared.isdecimal() or int(declared) > limit_bytes:
        raise ContentTooLarge(limit_bytes=limit_bytes)
    return receive


def _counting(receive: Receive, limit_bytes: int) -> Receive:
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit_bytes:
            raise ContentTooLarge(limit_bytes=limit_bytes)
        return message

    return receive_some
