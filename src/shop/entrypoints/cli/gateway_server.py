"""The server of the simulated gateway."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Protocol

from starlette.types import Receive, Scope, Send

from shop.entrypoints.cli.bootstrap import build_container, warn_of_unknown_settings
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.server import address_of, bind_socket, freeze_startup_objects, run_server

HOST = "127.0.0.1"
"""It asks nobody who they are, and so it is for this machine alone."""

SHUTDOWN_TIMEOUT_SECONDS = 4
"""As long as the slowest card takes; those who are never answered get no more."""


class GatewayServer(Protocol):
    """What is served: an ASGI app that opens its books."""

    async def open(self) -> None:
        """Open them."""

    async def close(self) -> None:
        """Close them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""


def run(*, port: int, state: Path) -> None:
    """Serve the books in a file until told to stop; raise `CliError` where they cannot be used."""
    warn_of_unknown_settings()
    if not state.parent.is_dir():
        raise CliError(f"there is no folder {state.parent} for the file {state.name}")
    with bind_socket(HOST, port) as listener:
        app: GatewayServer = build_container(None).gateway_app(state)
        try:
            # An operator gets one line where the file cannot be used, and gets it before the start.
            asyncio.run(_check_store(app))
        except sqlite3.Error as error:
            raise CliError(f"{state}: {error}") from error
        ready_message = (
            f"The simulated gateway is open at {address_of(listener)} (Ctrl+C closes it)."
        )
        freeze_startup_objects()
        run_server(
            lambda: app, listener, ready_message, shutdown_timeout_seconds=SHUTDOWN_TIMEOUT_SECONDS
        )


async def _check_store(app: GatewayServer) -> None:
    await app.open()
    await app.close()
