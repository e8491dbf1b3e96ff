"""The command that checks all invariants, also at the payment gateway."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shop.application.ports.repositories.audit import (
    GATEWAY_INVARIANT,
    INVARIANTS,
    Invariant,
    Violation,
)
from shop.application.reconciliation.audit import Finding
from shop.entrypoints.cli.context import CliContext, run
from shop.entrypoints.cli.errors import CliError, one_line
from shop.entrypoints.cli.facts import facts_as_text
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar

ALL_INVARIANTS = sorted((*INVARIANTS, GATEWAY_INVARIANT), key=lambda invariant: invariant.number)


def audit(
    *,
    gateway_days: Annotated[
        int,
        typer.Option(min=1, max=36_500, help="Days of card payments to compare with the gateway."),
    ] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Check every invariant of the shop and print the rows that violate one.

    Card payments are compared with the gateway's records, except payments in progress. Exits with
    1 if an invariant is violated, or could not be checked because the gateway is unavailable.
    """
    findings = run(partial(_audit, timedelta(days=gateway_days)), database=database)
    if as_json:
        typer.echo(json.dumps(_document(findings), indent=2, ensure_ascii=False))
    else:
        _print(findings)
    failures = list(_failures(findings))
    if failures:
        raise CliError("; ".join(failures))


async def _audit(lookback: timedelta, context: CliContext) -> Sequence[Finding]:
    with progress_bar() as bar:
        task = bar.add_task("Checking", total=len(ALL_INVARIANTS))

        def show(invariant: Invariant) -> None:
            bar.update(task, completed=INVARIANTS.index(invariant))

        findings = await context.audit_shop().run(show)
        bar.update(task, completed=len(INVARIANTS))
        gateway_finding = await context.audit_gateway().run(lookback)
    return sorted([*findings, gateway_finding], key=lambda finding: finding.invariant.number)


def _failures(findings: Sequence[Finding]) -> Iterator[str]:
    violated = [str(each.invariant.number) for each in findings if each.violations]
    if violated:
        yield f"violated invariants: {', '.join(violated)}"
    for each in findings:
        if each.unchecked_reason is not None:
            yield f"invariant {each.invariant.number} could not be checked: {each.unchecked_reason}"


def _document(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "holds": all(finding.holds for finding in findings),
        "findings": [
            {
                "number": finding.invariant.number,
                "sentence": finding.invariant.sentence,
                "holds": finding.holds,
                "obstacle": finding.unchecked_reason,
                "violations": [
                    {"rule": each.rule, "facts": dict(each.facts)} for each in finding.violations
                ],
            }
            for finding in findings
        ],
    }


def _print(findings: Sequence[Finding]) -> None:
    table = Table("", "Invariant", "", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(
            str(finding.invariant.number), finding.invariant.sentence, _result_label(finding)
        )
    Console().print(table)
    for line in _lines(findings):
        typer.echo(line)


def _result_label(finding: Finding) -> str:
    if finding.violations:
        return f"[red]{len(finding.violations)} violated"
    return "[green]holds" if finding.holds else "[yellow]unknown"


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        for violation in finding.violations:
            yield f"{finding.invariant.number} {_row(violation)}"


def _row(violation: Violation) -> str:
    return one_line(f"{violation.rule}: {facts_as_text(violation.facts)}")
