"""Commands that delete old notifications, and send to failed endpoints again."""

from collections.abc import Sequence
from typing import Annotated

import typer

from shop.domain.endpoint import EndpointStatus
from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.options import DatabaseUrl


def purge(*, database: DatabaseUrl = None) -> None:
    """Delete notifications that were delivered or failed more than 30 days ago."""
    purged = run(_purge, database=database)
    typer.echo(f"Deleted: {counted(purged, 'notification')}.")


def retry_webhooks(*, database: DatabaseUrl = None) -> None:
    """Send all failed webhooks again."""
    retried = run(_retry, database=database)
    typer.echo(f"Due again: {counted(retried, 'webhook')}.")


def endpoints(*, database: DatabaseUrl = None) -> None:
    """List the webhook endpoints whose last request failed."""
    found = run(_list_endpoints, database=database)
    for each in found:
        typer.echo(_line(each))
    if not found:
        typer.echo("No endpoint fails.")


def enable_endpoint(
    url: Annotated[str, typer.Argument(help="The endpoint, as SHOP_WEBHOOK_ENDPOINTS has it.")],
    *,
    database: DatabaseUrl = None,
) -> None:
    """Send to a disabled or paused webhook endpoint again."""

    async def enable(context: CliContext) -> bool:
        return await context.endpoint_service().enable(url)

    if not run(enable, database=database):
        raise CliError(
            f"no disabled or paused endpoint has the URL {url};"
            " `shop notifications endpoints` lists them"
        )
    typer.echo(f"Enabled: {url}. `shop notifications retry` sends failed webhooks again.")


async def _purge(context: CliContext) -> int:
    return await context.notification_delivery_service().purge()


async def _retry(context: CliContext) -> int:
    return await context.notification_delivery_service().retry_failed()


async def _list_endpoints(context: CliContext) -> Sequence[EndpointStatus]:
    return await context.endpoint_service().list()


def _line(status: EndpointStatus) -> str:
    if status.disabled_at is not None:
        return f"{status.url}: disabled since {status.disabled_at:%Y-%m-%d %H:%M:%S} UTC"
    pause = status.paused_until
    until = "" if pause is None else f", paused until {pause:%Y-%m-%d %H:%M:%S} UTC"
    return f"{status.url}: {counted(status.failures, 'failure')}{until}"
