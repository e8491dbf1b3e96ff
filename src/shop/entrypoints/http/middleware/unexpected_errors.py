"""Converts errors that no handler has caught into problem responses."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.entrypoints.http.errors import handlers


class UnexpectedErrors:
    """Responds to any uncaught error, unless the response has already started.

    Starlette's own catch-all is outside of all middleware, so its response would lack their
    headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; respond to its error, if any."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_record_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_record_start)
        except Exception as error:
            if started:
                raise
            response = await handlers.handle_error(Request(scope), error)
            await response(scope, receive, send)
