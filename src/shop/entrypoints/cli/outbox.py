"""Commands around the outbox."""

from typing import Annotated

import typer

from shop.application.ports.outbox import Job
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.shop import Shop, in_shop


def show(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that were given up.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """List the jobs that wait, and those that were given up after too many attempts."""
    jobs = in_shop(lambda shop: shop.look_after_jobs().list(dead_only=dead), database=database)
    for job in jobs:
        typer.echo(_line(job))
    if not jobs:
        typer.echo("Nothing waits.")


def retry(*, database: DatabaseUrl = None) -> None:
    """Have dead jobs tried again, with all attempts before them."""
    revived = in_shop(_retry, database=database)
    typer.echo(f"Due again: {revived} jobs.")


def sweep(*, database: DatabaseUrl = None) -> None:
    """Forget announcements that arrived, or were given up, more than thirty days ago."""
    swept = in_shop(_sweep, database=database)
    typer.echo(f"Swept: {swept} announcements.")


async def _sweep(shop: Shop) -> int:
    return await shop.look_after_dispatches().sweep()


async def _retry(shop: Shop) -> int:
    return await shop.look_after_jobs().retry()


def _line(job: Job) -> str:
    state = "dead" if job.is_dead else f"due {job.due_at:%Y-%m-%d %H:%M:%S} UTC"
    told = f", {job.attempts} attempts" + (f", {job.failure}" if job.failure else "")
    return f"{job.id.kind.value} {job.id.subject_id}: {state}{told}"
