"""The command that gives a database its shape."""

import typer

from shop.entrypoints.cli.context import CliContext, run_unchecked
from shop.entrypoints.cli.options import DatabaseUrl


def migrate(*, database: DatabaseUrl = None) -> None:
    """Bring an empty or older database to the shape that this version needs."""
    run_unchecked(_migrate, database=database)
    typer.echo("The database is ready.")


async def _migrate(context: CliContext) -> None:
    await context.database().migrate()
    await context.database().check()
