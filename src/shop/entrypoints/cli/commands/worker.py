"""The command that runs background jobs."""

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.listener import metrics_socket
from shop.entrypoints.cli.options import DatabaseUrl


def worker(
    *,
    once: Annotated[bool, typer.Option("--once", help="Run what is due now, and exit.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Run background jobs until stopped: payments, refunds and notifications.

    `shop serve` also runs them, unless SHOP_RUN_JOBS_IN_SERVER is false. Any number of workers may
    run. If one is killed, another takes over its jobs.
    """
    run(_run_once if once else _run_until_stopped, database=database)


async def _run_once(context: CliContext) -> None:
    jobs = await context.worker().drain()
    typer.echo(f"Done: {counted(jobs, 'job')}.")


async def _run_until_stopped(context: CliContext) -> None:
    # `--help` need not wait for the server.
    from shop.entrypoints.metrics.port import serving_metrics  # noqa: PLC0415

    with metrics_socket(context.settings()) as listeners:
        async with AsyncExitStack() as stack:
            for each in listeners:
                await stack.enter_async_context(serving_metrics(each, context.metrics_report()))
            await _run_jobs(context)


async def _run_jobs(context: CliContext) -> None:
    task = asyncio.ensure_future(context.worker().run())
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    typer.echo("Worker started (press Ctrl+C to stop).")
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
        # It has ended by itself, which the state of the database explains.
        await context.database().check()
