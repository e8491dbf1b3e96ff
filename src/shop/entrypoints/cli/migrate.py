"""The command that gives a database its shape."""

import typer

from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.shop import Shop, in_unchecked_shop


def migrate(*, database: DatabaseUrl = None) -> None:
    """Bring an empty or older database to the shape that this version needs."""
    in_unchecked_shop(_migrate, database=database)
    typer.echo("The database is ready.")


async def _migrate(shop: Shop) -> None:
    await shop.database().migrate()
    await shop.database().check()
