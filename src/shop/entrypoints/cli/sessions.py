"""Commands around sessions."""

import typer

from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.shop import Shop, in_shop


def sweep(*, database: DatabaseUrl = None) -> None:
    """Remove expired sessions, and the keys of refusals that are older than seven days."""
    sessions, keys = in_shop(_sweep, database=database)
    typer.echo(f"Swept: {sessions} sessions, {keys} idempotency keys.")


async def _sweep(shop: Shop) -> tuple[int, int]:
    return await shop.sessions().sweep(), await shop.sweep_keys().sweep()
