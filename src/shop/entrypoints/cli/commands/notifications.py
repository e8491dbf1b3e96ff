"""The command that deletes old notifications."""

import typer

from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def purge(*, database: DatabaseUrl = None) -> None:
    """Delete notifications that were delivered or failed more than 30 days ago."""
    purged = run(_purge, database=database)
    typer.echo(f"Deleted: {purged} notifications.")


async def _purge(context: CliContext) -> int:
    return await context.notification_delivery_service().purge()
