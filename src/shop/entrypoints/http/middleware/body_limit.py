"""Limits the size of request bodies, by route."""

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from shop.entrypoints.http.errors.http_errors import ContentTooLarge

MAX_LENGTH_DIGITS = 19


def limit_body(limit_bytes: int, headers: Headers, receive: Receive) -> Receive:
    """Reject a body by its declared length, or return a `receive` that does while it arrives.

    The server reads no more of a body than was declared.
    """
    declared = headers.get("content-length")
    if declared is None:
        return _counting(receive, limit_bytes)
    if declared_bytes(declared) > limit_bytes:
        raise ContentTooLarge(limit_bytes=limit_bytes)
    return receive


async def is_empty(headers: Headers, receive: Receive) -> bool:
    """Return whether a body of unknown length has nothing in it; read it that far."""
    if "content-length" in headers:
        return False
    message: Message = {"more_body": True}
    while message.get("more_body") and not message.get("body"):
        message = await receive()
    return message["type"] == "http.request" and not message.get("body")


async def receive_nothing() -> Message:
    """Return the end of an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def declared_bytes(content_length: str) -> float:
    """Return the length that a header declares; infinity if it is too long to be a number."""
    digits = content_length.lstrip("0")
    # The parser takes any number of digits, and converting thousands of them is an error.
    return int(digits or 0) if len(digits) <= MAX_LENGTH_DIGITS else float("inf")


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
