"""The server: one process that answers HTTP, or several under a supervisor."""

import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog
import typer
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from shop.entrypoints.cli.assembly import assemble
from shop.entrypoints.cli.failures import Failure, report
from shop.entrypoints.cli.seed import PRODUCTS, seed_products
from shop.entrypoints.cli.shop import Shop, in_prepared_shop
from shop.entrypoints.http.app import create_app

KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep idle connections: who closes first must not be the server, or a request
that is on its way at that moment is lost."""

GRACE_SECONDS = 10
"""How long requests that were begun have to end once the server is told to stop."""

GARBAGE_THRESHOLD = 20_000
"""How many more objects are made than freed before the collector looks for cycles among them; a
hundred requests that wait for their group are some ten thousand objects, and no garbage."""

START_SECONDS = 60
PARENT_POLL_SECONDS = 0.5

_log = structlog.get_logger()


def run(*, host: str, port: int, workers: int, demonstration: bool, database: str | None) -> None:
    """Serve until told to stop, an empty shop with demonstration products where they are wanted.

    Raise `Failure` where the server or a worker cannot start.
    """
    with listening(host, port) as listener:
        in_prepared_shop(partial(_prepare, demonstration=demonstration), database=database)
        if database is not None:
            # Workers are processes of their own, which are told nothing but their environment.
            os.environ["SHOP_DATABASE_URL"] = database
        ready = f"The shop is open at {address_of(listener)} (Ctrl+C closes it)."
        if workers == 1:
            serve_here(served, listener, ready)
        else:
            _serve_in_workers(listener, ready, workers)


def served() -> FastAPI:
    """Return the app that this process serves."""
    app = create_app(assemble(None))
    spare_what_stays()
    return app


def served_by_worker() -> FastAPI:
    """Do the same in a process that the supervisor started.

    Exit with the code that keeps the supervisor from trying again where it fails.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        return served()
    except Exception as error:  # noqa: BLE001  Whatever it was, it would happen again.
        report(error)
        sys.exit(STARTUP_FAILURE)


def spare_what_stays() -> None:
    """Keep the garbage collector away from what has been made until now, which stays for good.

    It would walk through all of that again and again, with every request standing still; and
    what requests leave behind is nearly all freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


async def _prepare(shop: Shop, *, demonstration: bool) -> None:
    if shop.settings().is_play_money:
        _log.warning("payments_are_simulated", setting="SHOP_PAYMENT_GATEWAY")
    if demonstration and not await shop.intake().has_products():
        typer.echo(await seed_products(shop, PRODUCTS))


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that holds the port; raise `Failure` where it cannot be had."""
    try:
        # IPv4 first: where both are there, it is the one that everything can reach.
        family, _, _, _, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        listener = socket.socket(family)
    except OSError as error:
        raise Failure(f"cannot listen on {host}: {error.strerror}") from error
    try:
        # The port of a server that has just ended may be taken at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise Failure(f"cannot listen on {host} port {port}: {error.strerror}") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL that a socket listens at."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _config(
    app: str | Callable[[], ASGIApp], workers: int, grace_seconds: int = GRACE_SECONDS
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=True,
        workers=workers,
        loop="auto",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=grace_seconds,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


def serve_here(
    app: Callable[[], ASGIApp],
    listener: socket.socket,
    ready: str,
    *,
    grace_seconds: int = GRACE_SECONDS,
) -> None:
    """Serve in this process until told to stop, and say once that it is ready.

    Raise `Failure` where the server cannot start.
    """
    server = _Server(_config(app, workers=1, grace_seconds=grace_seconds), ready)
    try:
        with _stopping(server):
            server.run(sockets=[listener])
    except SystemExit as exit_:
        raise Failure("the server could not start") from exit_
    except OSError as error:
        raise Failure(f"cannot serve {address_of(listener)}: {error.strerror}") from error


@contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Have a signal stop the server and no more: afterwards it is raised again, to end us."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, server.handle_exit) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; then say so."""
        await super().startup(sockets)
        typer.echo(self._ready)


def _serve_in_workers(listener: socket.socket, ready: str, workers: int) -> None:
    config = _config(f"{__name__}:served_by_worker", workers)
    supervisor = _Supervisor(config, listener, ready)
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Failure("a worker could not start")


class _Supervisor(Multiprocess):
    """A supervisor that says when all of its workers are ready."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, ready: str) -> None:
        super().__init__(config, [listener])
        self._ready = ready

    def init_processes(self) -> None:
        """Start the workers; then say so."""
        super().init_processes()
        if all(each.wait_until_ready(START_SECONDS) for each in self.processes):
            typer.echo(self._ready)


def _end_with_parent() -> None:
    """End this process at once when its supervisor is gone: nobody else would free the port."""
    parent = multiprocessing.parent_process()
    while parent is not None and os.getppid() == parent.pid:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(STARTUP_FAILURE)
