"""Serves the metrics on a port of loopback alone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shop.entrypoints.configuration.hosts import KnownHosts
from shop.entrypoints.metrics.report import MetricsReport
from shop.entrypoints.metrics.route import metrics_route

LOOPBACK = "127.0.0.1"

_THIS_MACHINE = KnownHosts((), default_port="80", loopback=True)


class MetricsPort:
    """Answers requests that arrived at the metrics port with metrics, and with nothing else.

    The port is where the connection was accepted, which no header can change. Sharing the server
    of the public port, each process can answer.
    """

    def __init__(self, app: ASGIApp, *, port: int, report: MetricsReport) -> None:
        self._app = app
        self._server = (LOOPBACK, port)
        self._metrics_app = metrics_app(report)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, unless it arrived at the metrics port."""
        if scope["type"] == "http" and scope.get("server") == self._server:
            await self._metrics_app(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def metrics_app(report: MetricsReport) -> ASGIApp:
    """Return an app with nothing but the report, which answers to this machine's names alone."""
    app = Starlette(routes=[metrics_route(report)])

    async def check_host(scope: Scope, receive: Receive, send: Send) -> None:
        # Otherwise a page of another site in a browser of this machine could read the metrics.
        if Headers(scope=scope).get("host", "") in _THIS_MACHINE:
            await app(scope, receive, send)
        else:
            await PlainTextResponse("Unknown host.\n", status_code=400)(scope, receive, send)

    return check_host


@asynccontextmanager
async def serving_metrics(listener: socket.socket, report: MetricsReport) -> AsyncIterator[None]:
    """Serve the metrics on a bound socket, beside what the process does otherwise."""
    config = uvicorn.Config(
        metrics_app(report),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    # Requests wait from now on, until the server has started.
    listener.listen()
    server = _QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait([task])


class _QuietServer(uvicorn.Server):
    """A server that leaves signals to the process that it is in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
