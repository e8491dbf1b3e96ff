"""The command that reconciles card payments with the payment gateway."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from shop.application.reconciliation.repair import Reconcile, ReconciliationResult
from shop.domain.shared.counted import counted
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError, one_line
from shop.entrypoints.cli.facts import facts_as_text
from shop.entrypoints.cli.options import DatabaseUrl


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"must be a date or a time, such as 2026-11-28 or 2026-11-28T09:30+01:00, not {text!r}"
        ) from None


def reconcile(
    *,
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=_time,
            metavar="TIME",
            help="Start, such as 2026-11-28 or 2026-11-28T09:30+01:00, in UTC without an offset;"
            " by default 7 days before the end.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            parser=_time, metavar="TIME", help="End (excluded), as for --since; now by default."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Compare card payments with the payment gateway and add missing jobs.

    The command itself moves no money: a worker runs the jobs. Payments in progress are not
    reported. Exits with 1 if a difference needs manual action, and says which.
    """
    command = Reconcile(since=since, until=until, is_dry_run=dry_run)
    results = run(partial(_reconcile, command), database=database)
    if as_json:
        typer.echo(json.dumps(_document(results), indent=2, ensure_ascii=False))
    else:
        print_results(results, is_dry_run=dry_run)
    require_repaired(results)


def print_results(results: Sequence[ReconciliationResult], *, is_dry_run: bool) -> None:
    """Print a line for each difference, and how many there are."""
    for each in results:
        typer.echo(_line(each, is_dry_run=is_dry_run))
    repaired = sum(each.is_repaired for each in results)
    typer.echo(f"Differences: {len(results)}, repaired: {repaired}.")


def require_repaired(results: Sequence[ReconciliationResult]) -> None:
    """Raise `CliError` if a difference needs manual action."""
    unresolved = sum(not each.is_repaired for each in results)
    if unresolved:
        differences = counted(len(results), "difference")
        need = "needs" if unresolved == 1 else "need"
        raise CliError(f"{unresolved} of {differences} {need} manual action")


async def _reconcile(command: Reconcile, context: CliContext) -> Sequence[ReconciliationResult]:
    return [each async for each in context.reconcile_payments().reconcile(command)]


def _document(results: Sequence[ReconciliationResult]) -> dict[str, object]:
    return {
        "agree": all(each.is_repaired for each in results),
        "differences": [
            {
                "kind": each.discrepancy.kind,
                "facts": dict(each.discrepancy.facts),
                "job": each.discrepancy.job,
                "repaired": each.is_repaired,
                "advice": None if each.discrepancy.job else each.discrepancy.advice,
            }
            for each in results
        ],
    }


def _line(result: ReconciliationResult, *, is_dry_run: bool) -> str:
    discrepancy = result.discrepancy
    facts = facts_as_text(discrepancy.facts)
    remedy = discrepancy.advice
    if discrepancy.job is not None:
        remedy = f"{discrepancy.job.value} job {'missing' if is_dry_run else 'added'}"
    return one_line(f"{discrepancy.kind}: {facts}: {remedy}")
