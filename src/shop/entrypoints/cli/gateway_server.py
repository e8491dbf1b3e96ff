"""The server of the simulated gateway."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Protocol

from starlette.types import Receive, Scope, Send

from shop.entrypoints.cli.assembly import assemble, warn_of_unknown_settings
from shop.entrypoints.cli.failures import Failure
from shop.entrypoints.cli.server import address_of, listening, serve_here, spare_what_stays

HOST = "127.0.0.1"
"""It asks nobody who they are, and so it is for this machine alone."""

GRACE_SECONDS = 4
"""As long as the slowest card takes; those who are never answered get no more."""


class Gateway(Protocol):
    """What is served: an ASGI app that opens its books."""

    async def open(self) -> None:
        """Open them."""

    async def close(self) -> None:
        """Close them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""


def run(*, port: int, state: Path) -> None:
    """Serve the books in a file until told to stop; raise `Failure` where they cannot be used."""
    warn_of_unknown_settings()
    if not state.parent.is_dir():
        raise Failure(f"there is no folder {state.parent} for the file {state.name}")
    with listening(HOST, port) as listener:
        app: Gateway = assemble(None).gateway_app(state)
        try:
            # An operator gets one line where the file cannot be used, and gets it before the start.
            asyncio.run(_try(app))
        except sqlite3.Error as error:
            raise Failure(f"{state}: {error}") from error
        ready = f"The simulated gateway is open at {address_of(listener)} (Ctrl+C closes it)."
        spare_what_stays()
        serve_here(lambda: app, listener, ready, grace_seconds=GRACE_SECONDS)


async def _try(app: Gateway) -> None:
    await app.open()
    await app.close()
