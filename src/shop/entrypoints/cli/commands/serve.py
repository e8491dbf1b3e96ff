"""The command that serves the HTTP API."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from shop.entrypoints.cli.listener import open_listener
from shop.entrypoints.cli.options import DatabaseUrl

MAX_PORT = 65_535
MAX_WORKERS = 64


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=MAX_PORT, help="The port; 0 takes any free port.")
    ] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=MAX_WORKERS, help="The number of server processes.")
    ] = 1,
    demo: Annotated[
        bool, typer.Option("--demo", help="Add products to an empty shop, and an admin in memory.")
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Serve the HTTP API until it is stopped.

    A SQLite database is migrated first; PostgreSQL has to be migrated already. The database
    memory:// is in this process and is lost when it stops. If systemd passes a socket, it is used
    instead of the host and the port.
    """
    with open_listener(host, port) as listener:
        # Only this command waits for the import of the server and the HTTP API, and clients that
        # connect meanwhile wait with it.
        with _without_collecting():
            from shop.entrypoints.cli.server import run  # noqa: PLC0415

        run(listener, workers=workers, demo=demo, database=database)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Import without garbage collections: what is imported stays, so they would find nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
