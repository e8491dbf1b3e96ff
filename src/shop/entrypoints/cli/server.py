"""Serves HTTP in one process, or in several under a supervisor."""

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import structlog
import typer
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process as WorkerProcess

from shop.entrypoints.cli.bootstrap import build_container, open_container
from shop.entrypoints.cli.context import CliContext, run_migrated_in
from shop.entrypoints.cli.errors import CliError, InvalidSetting, report
from shop.entrypoints.cli.listener import address_of, metrics_socket
from shop.entrypoints.configuration.settings import Settings
from shop.entrypoints.container import Container
from shop.entrypoints.http.app import create_app
from shop.entrypoints.http.middleware.response_headers import default_headers
from shop.entrypoints.http_server.connections import Connections
from shop.entrypoints.http_server.limits import HttpLimits
from shop.entrypoints.http_server.protocol import HttpProtocol
from shop.entrypoints.metrics.processes import forget_process, shared_counts

Protocol = Callable[..., asyncio.Protocol]

SHUTDOWN_TIMEOUT_SECONDS = 10
"""How long running requests may take to finish after a stop signal."""

GARBAGE_THRESHOLD = 20_000
"""The collector's first threshold. A hundred requests that wait for their group are about ten
thousand live objects, so the default would collect in vain."""

START_TIMEOUT_SECONDS = 60
PARENT_POLL_SECONDS = 0.5

_SIGNAL_NAMES = {each.value: each.name for each in signal.Signals}

_log = structlog.get_logger()


def run(listener: socket.socket, *, workers: int, demo: bool, database: str | None) -> None:
    """Serve until stopped; fill an empty shop with demonstration products if `demo`.

    Raise `InvalidSetting`, or `CliError` if the server or a worker cannot start.
    """
    container = open_container(database)
    prepare = partial(_prepare, demo=demo)
    if container.settings().is_in_memory:
        _require_single_process(container, workers)
    ready_message = f"Serving the shop at {address_of(listener)} (press Ctrl+C to stop)."
    protocol = _protocol(container.settings())
    with metrics_socket(container.settings()) as more:
        if container.settings().is_in_memory:
            # The data is in this container only, so it is also the one that serves.
            asyncio.run(prepare(container))
            run_server(partial(_served_app, container), listener, ready_message, protocol, more)
            return
        run_migrated_in(container, prepare)
        # A file that cannot be written stops the server now, not at the first request.
        container.secrets()
        if database is not None:
            # Worker processes read the database from their environment.
            os.environ["SHOP_DATABASE_URL"] = database
        if workers == 1:
            run_server(create_served_app, listener, ready_message, protocol, more)
        else:
            _serve_in_workers([listener, *more], ready_message, protocol, workers)


def create_served_app() -> FastAPI:
    """Return the app that this process serves."""
    return _served_app(build_container(None))


def _served_app(container: Container) -> FastAPI:
    app = create_app(container)
    freeze_startup_objects()
    return app


def _require_single_process(container: Container, workers: int) -> None:
    if workers > 1:
        raise InvalidSetting(
            f"--workers {workers}: memory:// is one database for each process; use --workers 1,"
            " or a SQLite or PostgreSQL database"
        )
    if not container.settings().run_jobs_in_server:
        raise InvalidSetting(
            "SHOP_RUN_JOBS_IN_SERVER=false: no other process can run the jobs of memory://;"
            " set it to true, or use a SQLite or PostgreSQL database"
        )


def create_worker_app() -> FastAPI:
    """Return the app that a worker process of the supervisor serves.

    If that fails, exit with the code that keeps the supervisor from starting it again.
    """
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        return create_served_app()
    except Exception as error:  # noqa: BLE001  Another start would fail the same way.
        report(error)
        sys.exit(STARTUP_FAILURE)


def freeze_startup_objects() -> None:
    """Exclude all existing objects from garbage collection.

    They live as long as the process, and each collection would stop all requests to walk through
    them. Nearly all objects of requests are freed without the collector.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


async def _prepare(context: CliContext, *, demo: bool) -> None:
    if context.settings().rehearses_payments:
        _log.warning("payments_are_simulated", setting="SHOP_PAYMENT_GATEWAY")
    if context.settings().is_unlimited_in_production:
        _log.warning("requests_are_not_limited", setting="SHOP_RATE_LIMITS")
    if context.settings().is_without_country:
        _log.warning("sales_are_not_taxed", setting="SHOP_COUNTRY")
    if context.settings().accepts_any_host:
        _log.warning("any_host_is_accepted", setting="SHOP_HOSTS")
    if context.settings().is_in_memory:
        _log.warning("data_is_lost_when_the_server_stops", setting="SHOP_DATABASE_URL")
        if demo:
            from shop.entrypoints.cli.imports.demo_admin import add_demo_admin  # noqa: PLC0415

            typer.echo(await add_demo_admin(context))
    if not demo:
        return
    # Other servers wait for no demonstration data.
    from shop.entrypoints.cli.imports.seed_products import (  # noqa: PLC0415
        PRODUCTS,
        seed_products,
    )

    if await context.product_seed().has_products():
        typer.echo("No demonstration products added: the shop has products already.")
    else:
        typer.echo(await seed_products(context, PRODUCTS))


def _protocol(settings: Settings) -> Protocol:
    return protocol_within(HttpLimits.of(settings), is_production=settings.is_production)


def protocol_within(limits: HttpLimits, *, is_production: bool) -> Protocol:
    """Return the protocol that serves each connection of a process within limits."""
    return partial(
        HttpProtocol,
        connections=Connections(limits),
        rejection_headers=default_headers(is_production=is_production),
    )


def _config(
    app: str | Callable[[], ASGIApp],
    protocol: Protocol,
    workers: int,
    shutdown_timeout_seconds: int = SHUTDOWN_TIMEOUT_SECONDS,
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=True,
        workers=workers,
        loop="auto",
        # uvicorn calls it, and asks nothing else of it.
        http=protocol,  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=shutdown_timeout_seconds,
    )


def run_server(
    app: Callable[[], ASGIApp],
    listener: socket.socket,
    ready_message: str,
    protocol: Protocol,
    more: Sequence[socket.socket] = (),
    *,
    shutdown_timeout_seconds: int = SHUTDOWN_TIMEOUT_SECONDS,
) -> None:
    """Serve in this process until stopped; print `ready_message` once it is ready.

    Raise `CliError` if the server cannot start.
    """
    config = _config(app, protocol, workers=1, shutdown_timeout_seconds=shutdown_timeout_seconds)
    server = _Server(config, ready_message)
    try:
        with _stopped_by_signals(server):
            server.run(sockets=[listener, *more])
    except SystemExit as exit_:
        raise CliError("the server could not start") from exit_
    except OSError as error:
        raise CliError(f"cannot serve {address_of(listener)}: {error.strerror}") from error


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Let signals stop the server without ending the process, as uvicorn would."""
    signals = (signal.SIGINT, signal.SIGTERM)
    previous = {each: signal.signal(each, server.handle_exit) for each in signals}
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)


class _Server(uvicorn.Server):
    """A server that reports when it is ready."""

    def __init__(self, config: uvicorn.Config, ready_message: str) -> None:
        super().__init__(config)
        self._ready_message = ready_message

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then report it."""
        await super().startup(sockets)
        typer.echo(self._ready_message)


def _serve_in_workers(
    listeners: list[socket.socket], ready_message: str, protocol: Protocol, workers: int
) -> None:
    config = _config(f"{__name__}:create_worker_app", protocol, workers)
    supervisor = _Supervisor(config, listeners, ready_message)
    with shared_counts():
        supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise CliError("a worker could not start")


class _Supervisor(Multiprocess):
    """A supervisor that reports when all of its workers are ready."""

    def __init__(
        self, config: uvicorn.Config, listeners: list[socket.socket], ready_message: str
    ) -> None:
        super().__init__(config, listeners)
        self._ready_message = ready_message

    def init_processes(self) -> None:
        """Start the workers, then report it."""
        super().init_processes()
        if all(each.wait_until_ready(START_TIMEOUT_SECONDS) for each in self.processes):
            typer.echo(self._ready_message)

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died, and stop counting their connections."""
        before = list(self.processes)
        super().keep_subprocess_alive()
        for each in before:
            if each not in self.processes:
                _log_death(each)
                forget_process(each.pid)


def _log_death(worker: WorkerProcess) -> None:
    """Log how a worker ended; one that did not answer was killed by its supervisor."""
    # The library returns the number of a signal as a negative code.
    by_signal = _SIGNAL_NAMES.get(-(worker.exitcode or 0))
    _log.warning(
        "worker_died",
        pid=worker.pid,
        exit_code=None if by_signal else worker.exitcode,
        signal=by_signal,
    )


def _exit_with_parent() -> None:
    """End this process when its supervisor has ended, to free the port."""
    parent = multiprocessing.parent_process()
    while parent is not None and os.getppid() == parent.pid:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(STARTUP_FAILURE)
