"""The command that checks the shop's promises on a live database."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shop.application.audit import Finding
from shop.application.ports.audit import INVARIANTS, Invariant, Violation
from shop.entrypoints.cli.failures import Failure, one_line
from shop.entrypoints.cli.options import DatabaseUrl
from shop.entrypoints.cli.progress import progress_bar
from shop.entrypoints.cli.shop import Shop, in_shop


def audit(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Check every invariant of the shop; fail where one is broken, and print what breaks it."""
    findings = in_shop(_audit, database=database)
    if as_json:
        typer.echo(json.dumps(_document(findings), indent=2, ensure_ascii=False))
    else:
        _print(findings)
    broken = [str(each.invariant.number) for each in findings if each.violations]
    if broken:
        raise Failure(f"broken invariants: {', '.join(broken)}")


async def _audit(shop: Shop) -> Sequence[Finding]:
    with progress_bar() as bar:
        task = bar.add_task("Checking", total=len(INVARIANTS))

        def show(invariant: Invariant) -> None:
            bar.update(task, completed=INVARIANTS.index(invariant))

        return await shop.audit_shop().run(show)


def _document(findings: Sequence[Finding]) -> dict[str, object]:
    return {
        "holds": not any(finding.violations for finding in findings),
        "findings": [
            {
                "number": finding.invariant.number,
                "sentence": finding.invariant.sentence,
                "holds": not finding.violations,
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
        verdict = f"[red]{len(finding.violations)} broken" if finding.violations else "[green]holds"
        table.add_row(str(finding.invariant.number), finding.invariant.sentence, verdict)
    Console().print(table)
    for line in _lines(findings):
        typer.echo(line)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        for violation in finding.violations:
            yield f"{finding.invariant.number} {_row(violation)}"


def _row(violation: Violation) -> str:
    facts = " ".join(f"{name}={value}" for name, value in violation.facts.items())
    return one_line(f"{violation.rule}: {facts}")
