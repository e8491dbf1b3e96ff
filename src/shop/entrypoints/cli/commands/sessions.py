"""Commands that delete expired sessions and what was left of them, and end a user's sessions."""

from functools import partial

import typer

from shop.domain.shared.counted import counted
from shop.entrypoints.cli.commands.users import Email
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def sweep(*, database: DatabaseUrl = None) -> None:
    """Delete expired sessions, old keys of rejected requests, and old guests without orders."""
    sessions, keys, guests = run(_sweep, database=database)
    deleted = (
        counted(sessions, "session"),
        counted(keys, "idempotency key"),
        counted(guests, "guest"),
    )
    typer.echo(f"Deleted: {', '.join(deleted)}.")


def end(email: Email, *, database: DatabaseUrl = None) -> None:
    """End all sessions of a user, from the user's next request on."""
    ended = run(partial(_end, email), database=database)
    typer.echo(f"Sessions of {email} ended: {ended}.")


async def _end(email: str, context: CliContext) -> int:
    return await context.access_service().end_sessions_by_email(email)


async def _sweep(context: CliContext) -> tuple[int, int, int]:
    # Guests are last: a session or key that is left keeps its guest.
    return (
        await context.session_service().purge_expired(),
        await context.purge_idempotency_keys().purge(),
        await context.purge_guests().purge(),
    )
