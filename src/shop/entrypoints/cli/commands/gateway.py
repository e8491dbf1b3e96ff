"""The command that runs the simulated gateway as a process of its own."""

from pathlib import Path
from typing import Annotated

import typer

from shop.entrypoints.cli.commands.serve import MAX_PORT


def gateway(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=MAX_PORT, help="The port; 0 takes any free port.")
    ] = 8100,
    state: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where it keeps its records.")
    ] = Path("gateway.db"),
) -> None:
    """Run the simulated payment gateway, which moves no money, until it is stopped.

    It listens on this machine only. A shop uses it if SHOP_SIMULATED_GATEWAY_URL names it.
    `GET /payments` lists its payments; /docs describes its API.
    """
    # Only this command waits for the import of the server.
    from shop.entrypoints.cli.gateway_server import run  # noqa: PLC0415

    run(port=port, state=state)
