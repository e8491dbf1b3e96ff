"""The command that migrates the database."""

import typer

from shop.entrypoints.cli.context import CliContext, run_creating
from shop.entrypoints.cli.options import DatabaseUrl


def migrate(*, database: DatabaseUrl = None) -> None:
    """Create or upgrade the database schema, and set the currency of an empty shop.

    Several processes may run this at once: one migrates, the others wait for it.
    """
    run_creating(_migrate, database=database)
    typer.echo("The database schema is up to date.")


async def _migrate(context: CliContext) -> None:
    found = await context.database().migrate()
    await context.database().check()
    if found is None:
        place = context.settings().database_file or "the database"
        typer.echo(f"Created the tables and the accounts of a shop in {place}.")
