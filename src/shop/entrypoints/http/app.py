"""Builds the HTTP app: routes, middleware and error handlers around a container."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from copy import copy
from functools import cache, cached_property, partial
from typing import Any, cast

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.entrypoints.container import Container
from shop.entrypoints.http.api.addresses import routes as addresses
from shop.entrypoints.http.api.cart import details_routes as cart_details
from shop.entrypoints.http.api.cart import routes as cart
from shop.entrypoints.http.api.catalogue import category_routes as categories
from shop.entrypoints.http.api.catalogue import (
    image_routes,
    import_routes,
    media_routes,
    variant_routes,
)
from shop.entrypoints.http.api.catalogue import routes as catalogue
from shop.entrypoints.http.api.fulfilment import routes as fulfilment
from shop.entrypoints.http.api.identity import customer_routes, user_routes
from shop.entrypoints.http.api.identity import routes as identity
from shop.entrypoints.http.api.ledger import routes as ledger
from shop.entrypoints.http.api.notifications import routes as notifications
from shop.entrypoints.http.api.operations import routes as operations
from shop.entrypoints.http.api.operations import webhooks
from shop.entrypoints.http.api.operations.docs import docs_routes
from shop.entrypoints.http.api.operations.payment_pages import payment_pages
from shop.entrypoints.http.api.orders import routes as orders
from shop.entrypoints.http.api.rules import routes as rules
from shop.entrypoints.http.html_pages import OPENAPI_PATH
from shop.entrypoints.http.middleware.boundary import Boundary, BoundaryPolicy
from shop.entrypoints.http.middleware.entrance import Entrance
from shop.entrypoints.http.middleware.host_names import HostNames
from shop.entrypoints.http.middleware.request_log import RequestLog
from shop.entrypoints.http.middleware.response_headers import SecurityHeaders, default_headers
from shop.entrypoints.http.middleware.trusted_proxies import TrustedProxies
from shop.entrypoints.http.openapi.document import openapi_document
from shop.entrypoints.http.requests.strict_route import StrictRoute
from shop.entrypoints.http.route_table import RouteTable
from shop.entrypoints.http.session.cookie import SessionCookie
from shop.entrypoints.metrics.port import MetricsPort
from shop.entrypoints.metrics.route import metrics_route

# The router tries them in this order: the most frequent first.
_ROUTERS = (
    orders.router,
    cart.router,
    cart_details.router,
    catalogue.router,
    variant_routes.router,
    categories.router,
    identity.router,
    ledger.router,
    user_routes.router,
    customer_routes.router,
    addresses.router,
    image_routes.router,
    image_routes.uploads,
    import_routes.router,
    import_routes.uploads,
    media_routes.router,
    fulfilment.router,
    webhooks.router,
    notifications.router,
    rules.tax_rates,
    rules.shipping_zones,
    rules.shipping_methods,
    rules.promotions,
    operations.router,
)

_DESCRIPTION = """An order backend: each order happens completely or not at all, exactly once.

Amounts are in minor units. Lists are paginated: pass `next` as `?cursor=`. Requests that move money
require an `Idempotency-Key`; if no response arrives, send the request again with the same key.

Every GET route also answers HEAD. Any method that is not described is rejected with 405
`method-not-allowed`, and the `Allow` header lists the allowed ones."""


class ShopApi(FastAPI):
    """An app whose requests pass the shop's own boundary instead of a stack of middleware."""

    def __init__(self, container: Container, **declared: Any) -> None:  # noqa: ANN401  FastAPI's.
        super().__init__(**declared)
        self.router.route_class = StrictRoute
        settings = container.settings()
        self.state.container = container
        self.cookie = SessionCookie(
            secure=settings.is_production, lifetime_seconds=settings.session_absolute_seconds
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request without FastAPI's telemetry, which the shop does not use."""
        scope["app"] = self
        await self._boundary(scope, receive, send)

    @cached_property
    def _boundary(self) -> ASGIApp:
        """The boundary around all routes, behind what knows the proxies and ports."""
        container: Container = self.state.container
        settings = container.settings()
        policy = BoundaryPolicy(
            cookie=self.cookie,
            security_headers=SecurityHeaders(is_production=settings.is_production),
            host_names=None if settings.accepts_any_host else HostNames(settings.known_hosts),
            requires_https=settings.is_production and bool(settings.trusted_proxies),
            # In production a proxy terminates TLS.
            own_scheme="https" if settings.is_production else "http",
            rehearses_payments=settings.rehearses_payments,
        )
        log = RequestLog(container.metrics().request_answered)
        app: ASGIApp = Boundary(self._route_table(), policy, log, lifespan=self.router)
        if settings.trusted_proxies:
            # The types of uvicorn and Starlette differ.
            app = TrustedProxies(cast("Any", app), trusted_hosts=list(settings.trusted_proxies))
        app = self._entrance_to(app)
        if settings.metrics_port is not None:
            report = container.metrics_report()
            app = MetricsPort(app, port=settings.metrics_port, report=report)
        return app

    def _entrance_to(self, app: ASGIApp) -> ASGIApp:
        """Return the middleware that lets requests in as fast as the shop serves them."""
        container: Container = self.state.container
        queues, transactions = container.command_queues(), container.transaction_runner()
        return Entrance(
            app,
            load=lambda: queues.pending + transactions.pending,
            headers=default_headers(is_production=container.settings().is_production),
            observe_shed=container.metrics().requests_shed,
        )

    def _route_table(self) -> RouteTable:
        return RouteTable(each for each in self.routes if isinstance(each, Route))


def create_app(container: Container) -> FastAPI:
    """Return the app that serves a container; it closes the adapters at shutdown."""
    # `include_router` would match each request twice, and copy the routes for each app.
    routes = [route for router in _ROUTERS for route in router.routes]
    app = ShopApi(
        container,
        routes=[
            *routes,
            *_heads(routes),
            *payment_pages(container),
            *_development_routes(container),
        ],
        title="shop",
        version="1",
        description=_DESCRIPTION,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    # FastAPI documents this way to replace the document; it is built on first use.
    app.openapi = cache(partial(openapi_document, app, app.cookie))  # type: ignore[method-assign]
    return app


def _development_routes(container: Container) -> Iterator[BaseRoute]:
    """Yield the routes that production does not have on its public port."""
    if not container.settings().is_production:
        yield from docs_routes()
        yield metrics_route(container.metrics_report())


def _heads(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield a HEAD route for each GET route; the server drops the body.

    The OpenAPI document omits them: RFC 9110, section 9.3.2, defines HEAD.
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
    async with _running_beside(container.metrics_report().sample()), _worker(container):
        yield
    await command_queues.drain()
    await container.transaction_runner().drain()
    await container.payment_gateway().close()
    await container.webhook_sender().close()
    await container.database().close()


@asynccontextmanager
async def _worker(container: Container) -> AsyncIterator[None]:
    """Run background jobs beside the requests, if the settings say so."""
    if not container.settings().run_jobs_in_server:
        yield
        return
    async with _running_beside(container.worker().run()):
        yield


@asynccontextmanager
async def _running_beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
