"""Commands that delete expired sessions and old idempotency keys, and end a user's sessions."""

from functools import partial

import typer

from shop.domain.shared.counted import counted
from shop.entrypoints.cli.commands.users import Email
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def sweep(*, database: DatabaseUrl = None) -> None:
    """Delete expired sessions, and keys of rejected requests older than seven days."""
    sessions, keys = run(_sweep, database=database)
    typer.echo(f"Deleted: {counted(sessions, 'session')}, {counted(keys, 'idempotency key')}.")


def end(email: Email, *, database: DatabaseUrl = None) -> None:
    """End all sessions of a user, from the user's next request on."""
    ended = run(partial(_end, email), database=database)
    typer.echo(f"Sessions of {email} ended: {ended}.")


async def _end(email: str, context: CliContext) -> int:
    return await context.access_service().end_sessions_by_email(email)


async def _sweep(context: CliContext) -> tuple[int, int]:
    return (
        await context.session_service().purge_expired(),
        await context.purge_idempotency_keys().purge(),
    )
