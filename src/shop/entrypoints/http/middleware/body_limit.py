"""Limits the size of request bodies, by route."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.entrypoints.http.errors.http_errors import ContentTooLarge, max_body_bytes


class BodyLimit:
    """Rejects a body by its declared length, or else while it arrives."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count the bytes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit_bytes = max_body_bytes(scope["path"])
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > limit_bytes:
            raise ContentTooLarge(limit_bytes=limit_bytes)
        size = 0

        async def receive_some() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit_bytes:
                # FastAPI lets only this exception through while it reads a body.
                raise HTTPException(413)
            return message

        await self._app(scope, receive_some, send)
