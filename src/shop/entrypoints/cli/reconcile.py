"""The command that brings the shop's books and the gateway's together."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from shop.application.reconcile import Reconcile, Reconciled
from shop.entrypoints.cli.failures import Failure, one_line
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.shop import Shop, in_shop

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def reconcile(
    *,
    since: Annotated[
        datetime | None,
        typer.Option(formats=MOMENTS, help="In UTC; seven days before the end without it."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=MOMENTS, help="In UTC, excluded; up to now without it."),
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
    reconciled = in_shop(partial(_reconcile, command), database=database)
    if as_json:
        typer.echo(json.dumps(_document(reconciled), indent=2, ensure_ascii=False))
    else:
        _print(reconciled, is_dry_run=dry_run)
    left = sum(not each.is_repaired for each in reconciled)
    if left:
        raise Failure(f"{left} of {len(reconciled)} differences are left")


async def _reconcile(command: Reconcile, shop: Shop) -> Sequence[Reconciled]:
    return [each async for each in shop.reconcile_payments().reconcile(command)]


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _document(reconciled: Sequence[Reconciled]) -> dict[str, object]:
    return {
        "agree": all(each.is_repaired for each in reconciled),
        "differences": [
            {
                "kind": each.difference.kind,
                "facts": dict(each.difference.facts),
                "job": each.difference.job,
                "repaired": each.is_repaired,
                "advice": None if each.difference.job else each.difference.advice,
            }
            for each in reconciled
        ],
    }


def _print(reconciled: Sequence[Reconciled], *, is_dry_run: bool) -> None:
    for each in reconciled:
        typer.echo(_line(each, is_dry_run=is_dry_run))
    repaired = sum(each.is_repaired for each in reconciled)
    typer.echo(f"Differences: {len(reconciled)}, repaired: {repaired}.")


def _line(each: Reconciled, *, is_dry_run: bool) -> str:
    found = each.difference
    facts = " ".join(f"{name}={value}" for name, value in found.facts.items())
    remedy = found.advice
    if found.job is not None:
        remedy = f"{'it needs' if is_dry_run else 'it has'} a new {found.job.value} job"
    return one_line(f"{found.kind}: {facts}: {remedy}")
