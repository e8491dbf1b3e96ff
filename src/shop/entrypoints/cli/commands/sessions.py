"""The command that deletes expired sessions and old idempotency keys."""

import typer

from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def sweep(*, database: DatabaseUrl = None) -> None:
    """Delete expired sessions, and keys of rejected requests older than seven days."""
    sessions, keys = run(_sweep, database=database)
    typer.echo(f"Deleted: {sessions} sessions, {keys} idempotency keys.")


async def _sweep(context: CliContext) -> tuple[int, int]:
    return (
        await context.session_service().purge_expired(),
        await context.purge_idempotency_keys().purge(),
    )
