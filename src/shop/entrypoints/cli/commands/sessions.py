"""Commands around sessions."""

import typer

from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def sweep(*, database: DatabaseUrl = None) -> None:
    """Remove expired sessions, and the keys of refusals that are older than seven days."""
    sessions, keys = run(_sweep, database=database)
    typer.echo(f"Swept: {sessions} sessions, {keys} idempotency keys.")


async def _sweep(context: CliContext) -> tuple[int, int]:
    return (
        await context.session_service().purge_expired(),
        await context.purge_idempotency_keys().purge(),
    )
