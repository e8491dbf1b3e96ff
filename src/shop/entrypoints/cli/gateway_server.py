"""Serves the simulated gateway over HTTP."""

import asyncio
from pathlib import Path

from fastapi import FastAPI

from shop.application.ports.unit_of_work import DatabaseFailure
from shop.entrypoints.cli.bootstrap import build_container, warn_of_unknown_settings
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.server import freeze_startup_objects, run_server
from shop.entrypoints.cli.sockets import address_of, bind_socket

HOST = "127.0.0.1"
"""The gateway authenticates no client, so it listens on this machine only."""

SHUTDOWN_TIMEOUT_SECONDS = 4
"""Enough for the slowest card; requests that are never answered get no more either."""


def run(*, port: int, state: Path) -> None:
    """Serve the records in a file until stopped; raise `CliError` if it is unusable."""
    warn_of_unknown_settings()
    if not state.parent.is_dir():
        raise CliError(f"the folder {state.parent} of the file {state.name} does not exist")
    with bind_socket(HOST, port) as listener:
        app = build_container(None).gateway_app(state)
        try:
            # An operator gets one line about an unusable file, and gets it before the start.
            asyncio.run(_check_store(app))
        except DatabaseFailure as error:
            raise CliError(f"{state}: {error}") from error
        ready_message = (
            f"Serving the simulated gateway at {address_of(listener)} (press Ctrl+C to stop)."
        )
        freeze_startup_objects()
        run_server(
            lambda: app, listener, ready_message, shutdown_timeout_seconds=SHUTDOWN_TIMEOUT_SECONDS
        )


async def _check_store(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass
