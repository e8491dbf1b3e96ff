"""The command that restores the shop from a backup."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from shop.application.maintenance.restore import Restore, RestoredShop
from shop.application.ports.payment_gateway import GatewayOutcomeUnknown
from shop.application.reconciliation.repair import (
    DEFAULT_PERIOD,
    Reconcile,
    ReconciliationResult,
)
from shop.entrypoints.cli.commands.backup import row_counts
from shop.entrypoints.cli.commands.reconcile import print_results, require_repaired
from shop.entrypoints.cli.context import CliContext, run_unchecked
from shop.entrypoints.cli.errors import CliError
from shop.entrypoints.cli.options import DatabaseUrl


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")],
    *,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace a shop that has orders, users or products, or is damaged."
        ),
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Restore the shop from a backup, and reconcile its card payments.

    Stop all servers and workers first. If the command is interrupted, no server starts until it is
    run again. Exits with 1 if a difference of the reconciliation needs manual action.
    """
    command = Restore(file=file, overwrite=overwrite)
    results = run_unchecked(partial(_restore, command), database=database)
    print_results(results, is_dry_run=False)
    require_repaired(results)


async def _restore(command: Restore, context: CliContext) -> Sequence[ReconciliationResult]:
    restored = await context.restore_shop().run(command)
    await context.job_service().restart_overdue()
    for line in _lines(restored):
        typer.echo(line)
    period = Reconcile(
        since=restored.manifest.created_at - DEFAULT_PERIOD, until=None, is_dry_run=False
    )
    try:
        return [each async for each in context.reconcile_payments().reconcile(period)]
    except GatewayOutcomeUnknown as error:
        raise CliError(
            f"the shop is restored but not reconciled, because the payment gateway cannot be"
            f" reached: {error}; run `shop reconcile` later"
        ) from error


def _lines(restored: RestoredShop) -> Sequence[str]:
    manifest = restored.manifest
    time, rows = f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC", manifest.database.rows
    return [
        f"Restored the shop as of {time}: {row_counts(rows)}.",
        *(f"Left out {name}, which this shop's settings do not use." for name in restored.left_out),
    ]
