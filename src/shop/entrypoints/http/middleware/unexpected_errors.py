"""The last resort: what nobody else has answered becomes a problem, too."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shop.entrypoints.http.errors import handlers


class UnexpectedErrors:
    """Answers whatever was raised within, unless an answer is already on its way.

    Starlette's own catch-all stands outside of all middleware, so that its answer would lack
    their headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer what comes of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            if started:
                raise
            response = await handlers.handle_error(Request(scope), error)
            await response(scope, receive, send)
