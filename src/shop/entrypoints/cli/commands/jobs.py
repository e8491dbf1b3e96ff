"""Commands that list background jobs and retry dead ones."""

from typing import Annotated

import typer

from shop.application.ports.repositories.jobs import Job
from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def list_jobs(
    *,
    dead: Annotated[bool, typer.Option("--dead", help="List dead jobs only.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """List waiting jobs, and dead jobs that have failed too often."""
    jobs = run(lambda context: context.job_service().list(dead_only=dead), database=database)
    for job in jobs:
        typer.echo(_line(job))
    if not jobs:
        typer.echo("No jobs.")


def retry(*, database: DatabaseUrl = None) -> None:
    """Make dead jobs due again, with all their attempts."""
    retried = run(_retry, database=database)
    typer.echo(f"Due again: {counted(retried, 'job')}.")


async def _retry(context: CliContext) -> int:
    return await context.job_service().retry_dead()


def _line(job: Job) -> str:
    state = "dead" if job.is_dead else f"due {job.due_at:%Y-%m-%d %H:%M:%S} UTC"
    error = f", {job.last_error}" if job.last_error else ""
    attempts = counted(job.attempts, "attempt")
    return f"{job.id.kind.value} {job.id.subject_id}: {state}, {attempts}{error}"
