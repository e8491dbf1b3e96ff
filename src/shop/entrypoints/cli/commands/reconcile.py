"""The command that brings the shop's books and the gateway's together."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from shop.application.reconciliation.repair import Reconcile, ReconciliationResult
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError, one_line
from shop.entrypoints.cli.options import DatabaseUrl

TIME_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def reconcile(
    *,
    since: Annotated[
        datetime | None,
        typer.Option(formats=TIME_FORMATS, help="In UTC; seven days before the end without it."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=TIME_FORMATS, help="In UTC, excluded; up to now without it."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Compare card payments with the gateway's books, and repair what a lost job has left.

    It moves no money by itself: it adds the jobs that are missing, which the worker does. What is
    under way is no difference. It fails where a person has to see to something, and tells how.
    """
    command = Reconcile(since=_in_utc(since), until=_in_utc(until), is_dry_run=dry_run)
    results = run(partial(_reconcile, command), database=database)
    if as_json:
        typer.echo(json.dumps(_document(results), indent=2, ensure_ascii=False))
    else:
        _print(results, is_dry_run=dry_run)
    unresolved = sum(not each.is_repaired for each in results)
    if unresolved:
        raise CliError(f"{unresolved} of {len(results)} differences are left")


async def _reconcile(command: Reconcile, context: CliContext) -> Sequence[ReconciliationResult]:
    return [each async for each in context.reconcile_payments().reconcile(command)]


def _in_utc(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


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


def _print(results: Sequence[ReconciliationResult], *, is_dry_run: bool) -> None:
    for each in results:
        typer.echo(_line(each, is_dry_run=is_dry_run))
    repaired = sum(each.is_repaired for each in results)
    typer.echo(f"Differences: {len(results)}, repaired: {repaired}.")


def _line(result: ReconciliationResult, *, is_dry_run: bool) -> str:
    discrepancy = result.discrepancy
    facts = " ".join(f"{name}={value}" for name, value in discrepancy.facts.items())
    remedy = discrepancy.advice
    if discrepancy.job is not None:
        remedy = f"{'it needs' if is_dry_run else 'it has'} a new {discrepancy.job.value} job"
    return one_line(f"{discrepancy.kind}: {facts}: {remedy}")
