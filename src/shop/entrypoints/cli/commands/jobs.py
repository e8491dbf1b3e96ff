"""Commands around the outbox."""

from typing import Annotated

import typer

from shop.application.ports.repositories.jobs import Job
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def list_jobs(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that were given up.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """List the jobs that wait, and those that were given up after too many attempts."""
    jobs = run(lambda context: context.job_service().list(dead_only=dead), database=database)
    for job in jobs:
        typer.echo(_line(job))
    if not jobs:
        typer.echo("Nothing waits.")


def retry(*, database: DatabaseUrl = None) -> None:
    """Have dead jobs tried again, with all attempts before them."""
    revived = run(_retry, database=database)
    typer.echo(f"Due again: {revived} jobs.")


def sweep(*, database: DatabaseUrl = None) -> None:
    """Forget announcements that arrived, or were given up, more than thirty days ago."""
    swept = run(_sweep, database=database)
    typer.echo(f"Swept: {swept} announcements.")


async def _sweep(context: CliContext) -> int:
    return await context.notification_delivery_service().purge()


async def _retry(context: CliContext) -> int:
    return await context.job_service().retry_dead()


def _line(job: Job) -> str:
    state = "dead" if job.is_dead else f"due {job.due_at:%Y-%m-%d %H:%M:%S} UTC"
    details = f", {job.attempts} attempts" + (f", {job.last_error}" if job.last_error else "")
    return f"{job.id.kind.value} {job.id.subject_id}: {state}{details}"
