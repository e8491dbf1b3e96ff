"""The app: routers, middleware and problems around a container."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from copy import copy
from functools import cache, partial

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from shop.entrypoints.container import Container
from shop.entrypoints.http.api.cart import routes as cart
from shop.entrypoints.http.api.catalogue import routes as catalogue
from shop.entrypoints.http.api.fulfilment import routes as fulfilment
from shop.entrypoints.http.api.identity import routes as identity
from shop.entrypoints.http.api.identity import user_routes
from shop.entrypoints.http.api.ledger import routes as ledger
from shop.entrypoints.http.api.notifications import routes as notifications
from shop.entrypoints.http.api.operations import routes as operations
from shop.entrypoints.http.api.operations import webhooks
from shop.entrypoints.http.api.operations.docs import docs_routes
from shop.entrypoints.http.api.orders import routes as orders
from shop.entrypoints.http.errors import handlers
from shop.entrypoints.http.html_pages import OPENAPI_PATH
from shop.entrypoints.http.middleware.body_limit import BodyLimit
from shop.entrypoints.http.middleware.content_type import ContentType
from shop.entrypoints.http.middleware.cross_site import CrossSiteProtection
from shop.entrypoints.http.middleware.request_log import RequestLog
from shop.entrypoints.http.middleware.response_headers import ResponseHeaders
from shop.entrypoints.http.middleware.unexpected_errors import UnexpectedErrors
from shop.entrypoints.http.openapi.document import openapi_document
from shop.entrypoints.http.session.cookie import SessionCookie

# In the order in which the router tries them: first what is asked for most.
_ROUTERS = (
    orders.router,
    cart.router,
    catalogue.router,
    identity.router,
    ledger.router,
    user_routes.router,
    fulfilment.router,
    webhooks.router,
    notifications.router,
    operations.router,
)

_DESCRIPTION = """Takes orders: all of an order happens or nothing of it, exactly once.

Money is in minor units. Lists come in pages: follow `next` with `?cursor=`. What moves money takes
an `Idempotency-Key`; send the same one again whenever an answer did not arrive.

HEAD is answered wherever GET is. Any other method than those described is refused as
`method-not-allowed` (405), and the header `Allow` names the right ones."""


def create_app(container: Container) -> FastAPI:
    """Return the app that serves what the container holds; it closes the database at its end."""
    settings = container.settings()
    cookie = SessionCookie(
        secure=settings.is_production, lifetime_seconds=settings.session_absolute_seconds
    )
    # Included routers would be matched twice for each request, and built for each app.
    routes = [route for router in _ROUTERS for route in router.routes]
    app = FastAPI(
        routes=[*routes, *_heads(routes), *([] if settings.is_production else docs_routes())],
        title="shop",
        version="1",
        description=_DESCRIPTION,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        exception_handlers=dict.fromkeys(handlers.HANDLED_ERRORS, handlers.handle_error),
        middleware=[
            Middleware(RequestLog),
            Middleware(ResponseHeaders, cookie=cookie, is_production=settings.is_production),
            Middleware(UnexpectedErrors),
            Middleware(CrossSiteProtection, is_production=settings.is_production),
            Middleware(BodyLimit),
            Middleware(ContentType),
        ],
    )
    app.state.container = container
    # FastAPI's own way to another document; it is made when first asked for.
    app.openapi = cache(partial(openapi_document, app, cookie))  # type: ignore[method-assign]
    return app


def _heads(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield a HEAD for each GET: it does the same, and the server keeps the body to itself.

    The document leaves them out; RFC 9110, section 9.3.2, describes them once and for all.
    """
    for route in routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            head = copy(route)
            head.methods = {"HEAD"}
            head.include_in_schema = False
            yield head


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    container: Container = app.state.container
    command_queues = container.command_queues()
    command_queues.open()
    async with _worker(container):
        yield
    await command_queues.drain()
    await container.transaction_runner().drain()
    await container.payment_gateway().close()
    await container.webhook_sender().close()
    await container.database().close()


@asynccontextmanager
async def _worker(container: Container) -> AsyncIterator[None]:
    """Have the outbox's jobs done beside the requests, where nobody else is to do them."""
    if not container.settings().run_jobs_in_server:
        yield
        return
    worker_task = asyncio.create_task(container.worker().run())
    try:
        yield
    finally:
        worker_task.cancel()
        await asyncio.wait([worker_task])
