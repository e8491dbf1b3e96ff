"""Commands around webhooks and e-mails that were sent."""

import typer

from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.options import DatabaseUrl


def purge(*, database: DatabaseUrl = None) -> None:
    """Delete the records of deliveries that succeeded or failed more than thirty days ago."""
    purged = run(_purge, database=database)
    typer.echo(f"Purged: {purged} deliveries.")


async def _purge(context: CliContext) -> int:
    return await context.notification_delivery_service().purge()
