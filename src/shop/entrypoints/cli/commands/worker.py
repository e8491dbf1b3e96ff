"""The command that does the outbox's jobs."""

import asyncio
import signal
from typing import Annotated

import typer

from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def worker(
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Capture, void and refund, and whatever else orders have left to do, until told to stop.

    `shop serve` does the same beside the requests unless SHOP_RUN_JOBS_IN_SERVER is false. Any
    number of workers may run; who is killed has lost nothing.
    """
    run(_run_once if once else _run_until_stopped, database=database)


async def _run_once(context: CliContext) -> None:
    jobs = await context.worker().drain()
    typer.echo(f"Done: {jobs} jobs.")


async def _run_until_stopped(context: CliContext) -> None:
    task = asyncio.ensure_future(context.worker().run())
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    typer.echo("The worker is at work (Ctrl+C ends it).")
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
