"""The command that migrates the database."""

import typer

from shop.entrypoints.cli.context import CliContext, run_unchecked
from shop.entrypoints.cli.options import DatabaseUrl


def migrate(*, database: DatabaseUrl = None) -> None:
    """Create or upgrade the database schema."""
    run_unchecked(_migrate, database=database)
    typer.echo("The database schema is up to date.")


async def _migrate(context: CliContext) -> None:
    await context.database().migrate()
    await context.database().check()
