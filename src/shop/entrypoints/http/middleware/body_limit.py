"""The body limit: nobody makes the shop read more than a request can need."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.entrypoints.http.errors.http_errors import MAX_BODY_BYTES, ContentTooLarge


class BodyLimit:
    """Refuses a body by its declared length, and one of undeclared length as it arrives."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what is read of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > MAX_BODY_BYTES:
            raise ContentTooLarge(limit_bytes=MAX_BODY_BYTES)
        size = 0

        async def receive_some() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MAX_BODY_BYTES:
                # The one exception that FastAPI lets through while it reads a body.
                raise HTTPException(413)
            return message

        await self._app(scope, receive_some, send)
