"""Serves the simulated gateway over HTTP."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Protocol

from starlette.types import Receive, Scope, Send

from shop.entrypoints.cli.bootstrap import build_container, warn_of_unknown_settings
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.server import address_of, bind_socket, freeze_startup_objects, run_server

HOST = "127.0.0.1"
"""The gateway has no authentication, so only this machine may reach it."""

SHUTDOWN_TIMEOUT_SECONDS = 4
"""Enough for the slowest test card; cards that time out get no response."""


class GatewayServer(Protocol):
    """The ASGI app of the gateway, with its records."""

    async def open(self) -> None:
        """Open the records."""

    async def close(self) -> None:
        """Close the records."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""


def run(*, port: int, state: Path) -> None:
    """Serve the records in a file until stopped; raise `CliError` if it is unusable."""
    warn_of_unknown_settings()
    if not state.parent.is_dir():
        raise CliError(f"the folder {state.parent} of the file {state.name} does not exist")
    with bind_socket(HOST, port) as listener:
        app: GatewayServer = build_container(None).gateway_app(state)
        try:
            # An unusable file is reported in one line, before the server starts.
            asyncio.run(_check_store(app))
        except sqlite3.Error as error:
            raise CliError(f"{state}: {error}") from error
        ready_message = (
            f"Serving the simulated gateway at {address_of(listener)} (press Ctrl+C to stop)."
        )
        freeze_startup_objects()
        run_server(
            lambda: app, listener, ready_message, shutdown_timeout_seconds=SHUTDOWN_TIMEOUT_SECONDS
        )


async def _check_store(app: GatewayServer) -> None:
    await app.open()
    await app.close()
