"""The command that does the outbox's jobs."""

import asyncio
import signal
from typing import Annotated

import typer

from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.shop import Shop, in_shop


def worker(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Capture, void and refund, and whatever else orders have left to do, until told to stop.

    `shop serve` does the same beside the requests unless SHOP_SERVE_JOBS is false. Any number of
    workers may run; who is killed has lost nothing.
    """
    in_shop(_once if once else _on, database=database)


async def _once(shop: Shop) -> None:
    jobs = await shop.worker().drain()
    typer.echo(f"Done: {jobs} jobs.")


async def _on(shop: Shop) -> None:
    working = asyncio.ensure_future(shop.worker().run())
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, working.cancel)
    typer.echo("The worker is at work (Ctrl+C ends it).")
    await asyncio.wait([working])
    if not working.cancelled():
        working.result()
